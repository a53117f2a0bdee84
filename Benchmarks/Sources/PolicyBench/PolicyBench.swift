import BenchSupport
import FoundationEssentials
import Glibc

/// Runs scenarios of the policy laboratory with a real server and workers that sleep, and compares what comes of them with
/// what the simulator says.
@main
enum PolicyBench {
    private typealias Measurement = @Sendable (Workbench, Expectation) throws -> [Figure]

    private static let measurements: [(name: String, measure: Measurement)] = [
        ("mixed", MixedLoad.measure), ("listeners", Listeners.measure), ("tenants", Rivals.measure),
        ("overload", Overload.measure),
    ]

    private static let help = """
        usage: policy-bench [--json] [--bin DIRECTORY] [\(measurements.map(\.name).joined(separator: "|"))]…

        Measures what the order of the queue does: all of it, or what is named. Targets that are missed are marked, and are no
        failure.
          --json           prints JSON
          --bin DIRECTORY  where chorus, FakeWorker and PoolLab are; .build/release if nothing is said
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
            complain("policy-bench: \(error)")
            exit(1)
        }
    }

    private static func report(programs: String, wanted: Set<String>) throws -> Report {
        let workbench = try Workbench(programs: programs, needing: ["chorus", "FakeWorker", "PoolLab"])
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let expected = try workbench.output(of: "PoolLab", ["expect"])
        let expectation = try decoder.decode(Expectation.self, from: Data(expected.utf8))
        var report = Report(figures: [])
        for (name, measure) in measurements where wanted.isEmpty || wanted.contains(name) {
            complain("measuring \(name) …")
            report.figures += try measure(workbench, expectation)
        }
        return report
    }
}

/// Writes a line to standard error.
func complain(_ message: String) {
    let line = Array("\(message)\n".utf8)
    write(2, line, line.count)
}

extension Workbench {
    /// A gateway whose queue has an order, with workers that take as long as the simulator's.
    /// - Parameters:
    ///   - queue: more of the configuration of its queue, as members of a JSON object.
    ///   - settings: more of its configuration, likewise.
    ///   - key: what it wants to be shown, if `settings` say so.
    func gateway(
        _ expectation: Expectation,
        order: String,
        queue: [String] = [],
        settings: [String] = [],
        key: String? = nil
    ) throws -> Gateway {
        let queue = [#""order":"\#(order)""#] + queue
        let gateway = try gateway(
            instances: expectation.slots,
            flags: ["--unit-us", "\(expectation.microsecondsPerUnit)"],
            settings: [#""queue":{\#(queue.joined(separator: ","))}"#] + settings,
            key: key
        )
        try gateway.waitUntilReady(instances: expectation.slots)
        return gateway
    }
}

extension Figure {
    /// A figure, what the simulator says that it is, and how far they are apart.
    static func pair(_ name: String, measured: Double, simulated: Double, unit: String) -> [Figure] {
        [
            Figure(name: name, value: measured, unit: unit),
            Figure(name: "\(name), in the simulator", value: simulated, unit: unit),
            Figure(
                name: "\(name), off the simulator",
                value: abs(measured / simulated - 1) * 100,
                unit: "%",
                target: .atMost(10)
            ),
        ]
    }
}

/// Sleeps until a moment.
func sleep(until moment: ContinuousClock.Instant) {
    let left = ContinuousClock.now.duration(to: moment)
    if left > .zero { usleep(UInt32(left / .microseconds(1))) }
}
