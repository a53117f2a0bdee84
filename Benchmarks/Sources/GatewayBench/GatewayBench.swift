import BenchSupport
import Glibc

/// Measures what the gateway costs, in numbers that mean the same on any machine: differences and ratios within one run.
@main
enum GatewayBench {
    private typealias Measurement = @Sendable (Workbench) throws -> [Figure]

    private static let measurements: [(name: String, measure: Measurement)] = [
        ("added-time", AddedTime.measure),
        ("saturation", Saturation.measure),
        ("memory", StreamMemory.measure),
        ("start", StartTime.measure),
    ]

    private static let help = """
        usage: gateway-bench [--json] [--bin DIRECTORY] [\(measurements.map(\.name).joined(separator: "|"))]…

        Measures what the gateway costs: all of it, or what is named. Targets that are missed are marked, and are no failure.
          --json           prints JSON
          --bin DIRECTORY  where chorus, chorus-espeak and FakeWorker are; .build/release if nothing is said
        """

    static func main() {
        var arguments = CommandLine.arguments.dropFirst()
        var asJSON = false
        var programs = ".build/release"
        var wanted: Set<String> = []
        while let argument = arguments.popFirst() {
            switch argument {
            case "--json": asJSON = true
            case "--bin": programs = arguments.popFirst() ?? programs
            case let name where measurements.contains { $0.name == name }: wanted.insert(name)
            default:
                print(help)
                exit(argument == "--help" ? 0 : 2)
            }
        }
        do {
            let report = try report(programs: programs, wanted: wanted)
            print(asJSON ? try report.json() : report.table)
        } catch {
            complain("gateway-bench: \(error)")
            exit(1)
        }
    }

    private static func report(programs: String, wanted: Set<String>) throws -> Report {
        let needed = ["chorus", "chorus-espeak", "FakeWorker"]
        let workbench = try Workbench(programs: programs, needing: needed)
        var report = Report(figures: [])
        for (name, measure) in measurements where wanted.isEmpty || wanted.contains(name) {
            complain("measuring \(name) …")
            report.figures += try measure(workbench)
        }
        return report
    }

    private static func complain(_ message: String) {
        let line = Array("\(message)\n".utf8)
        write(2, line, line.count)
    }
}
