import BenchSupport

/// How fast an answer of 1 MB comes that an engine makes in one go, on a connection that stays open.
enum BigAnswers {
    private static let answerBytes = 1 << 20
    private static let warmUps = 10
    private static let rounds = 200
    private static let text = "{burst:\(answerBytes / 2)}"
    /// Answers are made each time, or come from what is kept.
    private static let ways = [("made", ["Cache-Control: no-store"]), ("kept", [])]

    static func measure(on workbench: Workbench) throws -> [Figure] {
        let gateway = try workbench.gateway(instances: 1, keepsAudio: true)
        try gateway.waitUntilItSpeaks()
        let client = try HTTPClient(port: gateway.port)
        var figures: [Figure] = []
        for (way, fields) in ways {
            for format in ["pcm", "wav"] {
                let request = HTTPClient.request(text, format: format, fields: fields)
                var times: [Double] = []
                for round in 0..<warmUps + rounds {
                    var answer: HTTPClient.Answer?
                    let time = try time { answer = try client.ask(request) }
                    guard let answer, answer.status == 200, answer.body.count >= answerBytes else {
                        throw BenchError("the gateway's answer is not the audio that was asked for")
                    }
                    if round >= warmUps { times.append(time.seconds) }
                }
                figures.append(
                    Figure(
                        name: "1 MB of \(format), \(way)",
                        value: Double(answerBytes) / 1e6 / times.median,
                        unit: "MB/s",
                        target: .atLeast(200)
                    )
                )
            }
        }
        try gateway.stop()
        return figures
    }
}
