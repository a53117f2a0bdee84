import BenchSupport

/// From the start of the process to the end of the first spoken answer, with the built-in engine.
enum StartTime {
    private static let runs = 10

    static func measure(on workbench: Workbench) throws -> [Figure] {
        var times: [Double] = []
        for _ in 0..<runs {
            var started: Gateway?
            times.append(
                try time {
                    let gateway = try workbench.gatewayWithEspeak()
                    started = gateway
                    try gateway.waitUntilItSpeaks()
                }.seconds
            )
            try started?.stop()
        }
        return [
            Figure(name: "start to first answer, median", value: times.median, unit: "s", target: .atMost(0.5)),
            Figure(name: "start to first answer, slowest", value: times.percentile(1), unit: "s"),
        ]
    }
}
