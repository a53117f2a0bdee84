import BenchSupport

/// Half as much again as can be done, of texts of which each has to be answered soon, on a server that knows nothing
/// yet: whether what is let in is answered in time, and how much of the workers' time is lost.
enum Deadlines {
    /// Far more than are ever on their way at once.
    private static let threads = 300

    static func measure(on workbench: Workbench, _ expectation: Expectation) throws -> [Figure] {
        let scenario = expectation.deadlines
        let flags = ["--service-ms", "\(scenario.serviceMilliseconds)", "--unit-us", "\(scenario.microsecondsPerUnit)"]
        let gateway = try workbench.gateway(instances: expectation.slots, flags: flags)
        try gateway.waitUntilReady(instances: expectation.slots)
        let crowd = Crowd(scenario.arrivals.map { Crowd.Client(at: $0.at, units: $0.units) })
        let clients = try crowd.visit(
            port: gateway.port,
            threads: threads,
            timeout: scenario.deadline,
            playback: nil
        )
        try gateway.stop()
        return figures(of: clients, expectation)
    }

    private static func figures(of clients: [Crowd.Client], _ expectation: Expectation) -> [Figure] {
        let scenario = expectation.deadlines
        let tries = clients.compactMap { client in client.tries.first.map { (client: client, first: $0) } }
        let admitted = tries.filter { !$0.first.isRefused }
        let kept = admitted.filter { $0.first.end == .spoken && $0.first.seconds <= scenario.deadline }
        // A text counts if it ends within the measurement, even if it began earlier.
        let measured = scenario.seconds / 6...scenario.seconds
        let work = kept.filter { measured.contains($0.first.sentAt + $0.first.seconds) }
            .reduce(0) { $0 + scenario.work(units: $1.client.units) }
        let capacity = Double(expectation.slots) * (measured.upperBound - measured.lowerBound)
        let refusals = tries.filter(\.first.isRefused).map { $0.first.seconds * 1_000 }
        let name = "\(scenario.deadline) s to answer, load \(scenario.load)"
        return [
            Figure(name: "\(name), came", value: Double(tries.count), unit: ""),
            Figure(name: "\(name), admitted", value: Double(admitted.count), unit: ""),
            Figure(
                name: "\(name), of the admitted not kept",
                value: Double(admitted.count - kept.count) / Double(max(1, admitted.count)),
                unit: "",
                target: .atMost(0.005)
            ),
            Figure(name: "\(name), the same, in the simulator", value: scenario.broken, unit: ""),
            Figure(
                name: "\(name), work in time, of what can be done",
                value: work / capacity,
                unit: "",
                target: .atLeast(0.93)
            ),
            Figure(name: "\(name), the same, in the simulator", value: scenario.workInTime, unit: ""),
            Figure(name: "\(name), refusal, p99", value: refusals.percentile(0.99), unit: "ms", target: .atMost(20)),
            Figure(
                name: "\(name), first audio of the short, median",
                value: kept.compactMap(\.first.firstByte).median * 1_000,
                unit: "ms"
            ),
        ]
    }
}
