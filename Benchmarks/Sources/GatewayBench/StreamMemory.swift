import BenchSupport
import Glibc

/// What the gateway keeps in memory: with nothing to do, with 200 streams open, and after they have gone.
enum StreamMemory {
    private static let streams = 200
    /// Shorter than the time after which the gateway gives up on readers that take nothing.
    private static let listening = Duration.seconds(20)
    private static let leaving = Duration.seconds(3)
    /// The worker makes 10 ms of each character, so this plays for 100 s.
    private static let text = String(repeating: "This sentence is forty characters long. ", count: 250)

    static func measure(on workbench: Workbench) throws -> [Figure] {
        let gateway = try workbench.gateway(instances: 2)
        try gateway.waitUntilItSpeaks()
        let idle = try Memory(of: gateway.pid)
        let (peak, open) = try listen(to: gateway)
        usleep(UInt32(leaving.milliseconds * 1_000))
        let after = try Memory(of: gateway.pid)
        try gateway.stop()
        return [
            Figure(name: "idle, resident", value: idle.resident, unit: "MB", target: .atMost(45)),
            Figure(name: "idle, private", value: idle.privateDirty, unit: "MB", target: .atMost(12)),
            Figure(name: "streams that were open", value: Double(open), unit: "", target: .atLeast(Double(streams))),
            Figure(
                name: "\(streams) streams, resident more",
                value: peak - idle.resident,
                unit: "MB",
                target: .atMost(60)
            ),
            Figure(name: "after they left, resident more", value: after.resident - idle.resident, unit: "MB"),
        ]
    }

    /// Opens the streams, and reads half of them as a player does and half not at all.
    /// - Returns: the most that the gateway had in memory meanwhile, in MB, and how many streams were open at the end.
    private static func listen(to gateway: Gateway) throws -> (peak: Double, open: Int) {
        var listeners: [Listener] = []
        for index in 0..<streams {
            let isMP3 = index % 4 < 2
            listeners.append(
                try Listener(
                    port: gateway.port,
                    request: HTTPClient.request(text, format: isMP3 ? "mp3" : "pcm"),
                    bytesPerSecond: index.isMultiple(of: 2) ? (isMP3 ? 8_000 : 48_000) : 0
                )
            )
        }
        let start = ContinuousClock.now
        var peak = 0.0
        while start.duration(to: .now) < listening {
            let elapsed = start.duration(to: .now).seconds
            for listener in listeners { try listener.listen(elapsedSeconds: elapsed) }
            peak = max(peak, try Memory(of: gateway.pid).resident)
            usleep(50_000)
        }
        return (peak, listeners.count(where: \.isOpen))
    }
}
