import BenchSupport

/// What a request costs over the same job sent straight to the worker, when nobody else is there.
///
/// Both ways take turns, so that whatever else the machine does falls on both.
enum AddedTime {
    private static let warmUps = 500
    private static let rounds = 4_000
    private static let text = "Hi."

    static func measure(on workbench: Workbench) throws -> [Figure] {
        let worker = try workbench.worker()
        let gateway = try workbench.gateway(instances: 1)
        try gateway.waitUntilItSpeaks()
        let near = try worker.connect()
        let far = try HTTPClient(port: gateway.port)
        let nearRequest = WyomingClient.request(text)
        let farRequest = HTTPClient.request(text, format: "pcm")

        var direct: [Double] = []
        var through: [Double] = []
        for round in 0..<warmUps + rounds {
            var audioBytes = 0
            let nearTime = try time { audioBytes = try near.synthesize(nearRequest) }
            var answer: HTTPClient.Answer?
            let farTime = try time { answer = try far.ask(farRequest) }
            guard let answer, answer.status == 200, answer.body.count == audioBytes, audioBytes > 0 else {
                throw BenchError("the gateway's answer is not the worker's")
            }
            guard round >= warmUps else { continue }
            direct.append(nearTime.milliseconds)
            through.append(farTime.milliseconds)
        }
        try gateway.stop()
        return figures(direct: direct, through: through)
    }

    private static func figures(direct: [Double], through: [Double]) -> [Figure] {
        [
            Figure(name: "straight to the worker, median", value: direct.median, unit: "ms"),
            Figure(name: "straight to the worker, p99", value: direct.percentile(0.99), unit: "ms"),
            Figure(name: "through the gateway, median", value: through.median, unit: "ms"),
            Figure(name: "through the gateway, p99", value: through.percentile(0.99), unit: "ms"),
            Figure(name: "added time, median", value: through.median - direct.median, unit: "ms", target: .atMost(0.3)),
            Figure(
                name: "added time, p99",
                value: through.percentile(0.99) - direct.percentile(0.99),
                unit: "ms",
                target: .atMost(1.5)
            ),
        ]
    }
}
