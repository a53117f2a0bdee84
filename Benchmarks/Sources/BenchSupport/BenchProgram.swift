import Glibc

/// A program that measures, as it is called from a terminal.
package struct BenchProgram {
    private let name: String
    private let purpose: String
    private let programs: [String]
    private let measurements: [String]

    /// - Parameters:
    ///   - name: its own.
    ///   - purpose: what it is for, in sentences of lines of their own.
    ///   - programs: what has to be there.
    ///   - measurements: what it can measure, in order.
    package init(name: String, purpose: String, needing programs: [String], measurements: [String]) {
        self.name = name
        self.purpose = purpose
        self.programs = programs
        self.measurements = measurements
    }

    private var help: String {
        """
        usage: \(name) [--json] [--bin DIRECTORY] [\(measurements.joined(separator: "|"))]…

        \(purpose)
        Targets that are missed are marked, and are no failure.
          --json           prints JSON
          --bin DIRECTORY  where \(programs.joined(separator: ", ")) are; .build/release if nothing is said
        """
    }

    /// Measures what the command line names, or all of it, and prints that.
    /// - Parameter prepare: makes what takes one measurement.
    package func run(_ prepare: (Workbench) throws -> (_ measurement: String) throws -> [Figure]) {
        var arguments = CommandLine.arguments.dropFirst()
        var asJSON = false
        var directory = ".build/release"
        var wanted: Set<String> = []
        while let argument = arguments.popFirst() {
            switch argument {
            case "--json": asJSON = true
            case "--bin": directory = arguments.popFirst() ?? directory
            case let name where measurements.contains(name): wanted.insert(name)
            default:
                print(help)
                exit(argument == "--help" ? 0 : 2)
            }
        }
        do {
            let measure = try prepare(Workbench(programs: directory, needing: programs))
            var report = Report(figures: [])
            for name in measurements where wanted.isEmpty || wanted.contains(name) {
                complain("measuring \(name) …")
                report.figures += try measure(name)
            }
            print(asJSON ? try report.json() : report.table)
        } catch {
            complain("\(name): \(error)")
            exit(1)
        }
    }

    private func complain(_ message: String) {
        let line = Array("\(message)\n".utf8)
        write(2, line, line.count)
    }
}
