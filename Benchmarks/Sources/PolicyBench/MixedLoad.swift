import BenchSupport

/// Many short texts and a few long ones, at 80 % of what the workers can do: how long until the short ones are heard.
enum MixedLoad {
    /// As many as are ever on their way at once; more would wait before they have asked.
    private static let clients = 150

    static func measure(on workbench: Workbench, _ expectation: Expectation) throws -> [Figure] {
        let orders = ["deadline", "arrival"]
        let gateways = try orders.map { try workbench.gateway(expectation, order: $0) }
        let ports = gateways.map(\.port)
        let mixed = expectation.mixed
        // Both at the same time: whatever else the machine does falls on both.
        let times = try inParallel(orders.count) { index in
            (order: orders[index], times: try firstAudio(of: mixed, port: ports[index]))
        }
        for gateway in gateways { try gateway.stop() }
        var p99s: [String: Double] = [:]
        var figures = times.sorted { $0.order > $1.order }.flatMap { order, times in
            p99s[order] = times.percentile(0.99)
            return Figure.pair(
                "mixed load, \(order), p99 first audio of the short",
                measured: times.percentile(0.99),
                simulated: mixed.p99FirstAudio[order] ?? 0,
                unit: "s"
            )
                + Figure.pair(
                    "mixed load, \(order), median first audio of the short",
                    measured: times.median,
                    simulated: mixed.medianFirstAudio[order] ?? 0,
                    unit: "s"
                )
        }
        let ratio = (p99s["deadline"] ?? 0) / (p99s["arrival"] ?? 0)
        figures.append(
            Figure(name: "mixed load, p99 of ours to that of FIFO", value: ratio, unit: "", target: .atMost(0.35))
        )
        return figures
    }

    /// How long each short text takes until its first audio, in seconds.
    private static func firstAudio(of mixed: Expectation.Mixed, port: UInt16) throws -> [Double] {
        let next = Supply(mixed.arrivals)
        let start = ContinuousClock.now
        return try inParallel(clients) { _ in
            let client = try HTTPClient(port: port)
            var times: [Double] = []
            while let arrival = next.take() {
                let request = HTTPClient.request(SpokenText.make(units: arrival.units), format: "pcm")
                sleep(until: start + .seconds(arrival.at))
                var heard: ContinuousClock.Instant?
                let answer = try client.ask(request) { _ in heard = heard ?? .now }
                guard answer.status == 200 else { throw BenchError("the gateway answered with \(answer.status)") }
                guard arrival.source == 0, arrival.at >= mixed.warmUpSeconds, let heard else { continue }
                times.append((start + .seconds(arrival.at)).duration(to: heard).seconds)
            }
            return times
        }.flatMap { $0 }
    }
}
