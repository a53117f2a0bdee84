import BenchSupport

/// Listeners who play long texts: as many as the simulator says hear no gap, and by FIFO so many that some do.
enum Listeners {
    /// Bytes of audio in a second: 16 bits, 24,000 times.
    private static let bytesPerSecond = 48_000.0

    /// The time is over.
    private struct Over: Error {}

    static func measure(on workbench: Workbench, _ expectation: Expectation) throws -> [Figure] {
        let listeners = expectation.listeners
        let ours = listeners.greatestCount["deadline"] ?? 0
        let fifo = listeners.greatestCount["arrival"] ?? 0
        // Within a tenth of what the simulator says, on either side.
        let (few, many) = (Int(Double(ours) * 0.95), Int((Double(fifo) * 1.1).rounded(.up)) + 1)
        return [
            Figure(name: "listeners without a gap, in the simulator", value: Double(ours), unit: ""),
            Figure(
                name: "of \(few) listeners those who hear a gap",
                value: Double(try gaps(count: few, order: "deadline", on: workbench, expectation)),
                unit: "",
                target: .atMost(0)
            ),
            Figure(name: "listeners without a gap, FIFO, in the simulator", value: Double(fifo), unit: ""),
            Figure(
                name: "of \(many) listeners those who hear a gap, FIFO",
                value: Double(try gaps(count: many, order: "arrival", on: workbench, expectation)),
                unit: "",
                target: .atLeast(1)
            ),
        ]
    }

    /// How many of so many listeners hear a gap.
    private static func gaps(
        count: Int,
        order: String,
        on workbench: Workbench,
        _ expectation: Expectation
    ) throws -> Int {
        let gateway = try workbench.gateway(expectation, order: order)
        let (port, listeners) = (gateway.port, expectation.listeners)
        let start = ContinuousClock.now
        let longest = try inParallel(count) { index in
            let units = Int.random(in: listeners.units[0]...listeners.units[1])
            let request = HTTPClient.request(SpokenText.make(units: units), format: "pcm")
            let client = try HTTPClient(port: port)
            sleep(until: start + .seconds(listeners.comingSeconds * Double(index) / Double(count)))
            return try longestGap(client, request, until: start + .seconds(listeners.seconds))
        }
        try gateway.stop()
        return longest.count { $0 > listeners.toleratedGap }
    }

    /// The longest time for which a listener who plays what he has would have nothing to play, in seconds.
    private static func longestGap(
        _ client: HTTPClient,
        _ request: [UInt8],
        until end: ContinuousClock.Instant
    ) throws -> Double {
        var longest = 0.0
        var dryAt: ContinuousClock.Instant?
        do {
            _ = try client.ask(request) { count in
                let now = ContinuousClock.now
                if now > end { throw Over() }
                if let dryAt { longest = max(longest, dryAt.duration(to: now).seconds) }
                dryAt = max(dryAt ?? now, now) + .seconds(Double(count) / bytesPerSecond)
            }
        } catch is Over {
            // Its text is longer than that.
        }
        return longest
    }
}
