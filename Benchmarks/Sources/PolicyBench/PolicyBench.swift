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
        ("overload", Overload.measure), ("deadlines", Deadlines.measure),
    ]

    static func main() {
        BenchProgram(
            name: "policy-bench",
            purpose: "Measures what the order of the queue does: all of it, or what is named.",
            needing: ["chorus", "FakeWorker", "PoolLab"],
            measurements: measurements.map(\.name)
        ).run { workbench in
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let expected = try workbench.output(of: "PoolLab", ["expect"])
            let expectation = try decoder.decode(Expectation.self, from: Data(expected.utf8))
            return { name in try measurements.first { $0.name == name }?.measure(workbench, expectation) ?? [] }
        }
    }
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
