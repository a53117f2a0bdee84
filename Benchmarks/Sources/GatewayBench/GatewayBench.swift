import BenchSupport

/// Measures what the gateway costs, in numbers that mean the same on any machine: differences and ratios within one run.
@main
enum GatewayBench {
    private typealias Measurement = @Sendable (Workbench) throws -> [Figure]

    private static let measurements: [(name: String, measure: Measurement)] = [
        ("added-time", AddedTime.measure),
        ("saturation", Saturation.measure),
        ("big-answers", BigAnswers.measure),
        ("memory", StreamMemory.measure),
        ("start", StartTime.measure),
    ]

    static func main() {
        BenchProgram(
            name: "gateway-bench",
            purpose: "Measures what the gateway costs: all of it, or what is named.",
            needing: ["chorus", "chorus-espeak", "FakeWorker"],
            measurements: measurements.map(\.name)
        ).run { workbench in
            { name in try measurements.first { $0.name == name }?.measure(workbench) ?? [] }
        }
    }
}
