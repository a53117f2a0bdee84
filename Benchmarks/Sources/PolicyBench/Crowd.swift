import BenchSupport

/// Clients who come at random moments, whether those before them have been answered or not.
struct Crowd: Sendable {
    private let clients: [Client]

    /// Somebody who wants something spoken.
    struct Client: Sendable {
        /// When he comes, in seconds.
        var at: Double
        /// How long his text is.
        var units: Int
        /// What he was answered, each time that he asked.
        var tries: [Try] = []

        /// Whether he got what he wanted.
        var isSpoken: Bool { tries.last?.end == .spoken }
    }

    /// A request and what came of it.
    struct Try: Sendable {
        /// When it was sent, in seconds.
        var sentAt: Double
        /// How long it took until the answer was there to its end, in seconds.
        var seconds: Double
        /// Until the first of its audio was there, in seconds.
        var firstByte: Double?
        /// Of its audio, as far as it is counted.
        var bytes: Int
        var end: End
    }

    /// How an answer ends.
    enum End: Sendable, Equatable {
        case spoken
        /// Not now, but in so many seconds.
        case refused(retryAfter: Int)
        /// Nobody wants it any more: before its first audio, or in the midst of it.
        case late
        /// What the gateway ought not to say, or audio that breaks off for no reason.
        case unexpected
    }

    /// These, in the order of their coming.
    init(_ clients: [Client]) {
        self.clients = clients
    }

    /// As many as want a certain amount of work, at moments of which each is as likely as any other.
    /// - Parameters:
    ///   - units: of one text, evenly distributed.
    ///   - allUnits: of all texts; it is this and not the number of clients that is kept to.
    init(units: ClosedRange<Int>, allUnits: Double, seconds: Double) {
        var clients: [Client] = []
        var left = allUnits
        while left > 0 {
            clients.append(Client(at: .random(in: 0..<seconds), units: .random(in: units)))
            left -= Double(clients[clients.count - 1].units)
        }
        self.clients = clients.sorted { $0.at < $1.at }
    }

    /// Lets them come, and waits until nobody is left.
    /// - Parameters:
    ///   - threads: as many as may be there at once; more would come later than they want to.
    ///   - tries: how often one asks at most. He waits in between for as long as he is told.
    ///   - timeout: after how many seconds an answer is of no use; `nil` if it always is of some.
    ///   - playback: what they say of it; `nil` if they say nothing.
    ///   - counted: when the audio has to come that is counted, in seconds; `nil` counts all.
    /// - Returns: all of them, with their `tries`, in no order.
    func visit(
        port: UInt16,
        threads: Int,
        tries: Int = 1,
        timeout: Double? = nil,
        playback: String? = "asap",
        counted: ClosedRange<Double>? = nil
    ) throws -> [Client] {
        let supply = Supply(clients)
        let fields =
            (playback.map { ["X-Playback: \($0)"] } ?? []) + (timeout.map { ["X-Request-Timeout: \($0)"] } ?? [])
        // Until then all are connected.
        let start = ContinuousClock.now + .milliseconds(500)
        return try inParallel(min(threads, clients.count)) { _ in
            var connection = try HTTPClient(port: port)
            var served: [Client] = []
            while var client = supply.take() {
                let text = SpokenText.make(units: client.units)
                let request = HTTPClient.request(text, format: "pcm", fields: fields)
                var moment = start + .seconds(client.at)
                while client.tries.count < tries {
                    sleep(until: moment)
                    let sent = ContinuousClock.now
                    var bytes = 0
                    var heard: ContinuousClock.Instant?
                    let deadline = timeout.map { sent + .seconds($0) }
                    let end = try Self.end(of: request, &connection, port: port, deadline: deadline) { count in
                        heard = heard ?? .now
                        let now = start.duration(to: .now).seconds
                        if counted?.contains(now) ?? true { bytes += count }
                    }
                    let answered = ContinuousClock.now
                    client.tries.append(
                        Try(
                            sentAt: start.duration(to: sent).seconds,
                            seconds: sent.duration(to: answered).seconds,
                            firstByte: heard.map { sent.duration(to: $0).seconds },
                            bytes: bytes,
                            end: end
                        )
                    )
                    guard case .refused(let retryAfter) = end else { break }
                    moment = answered + .seconds(retryAfter)
                }
                served.append(client)
            }
            return served
        }.flatMap { $0 }
    }

    /// Asks, and connects anew if the answer breaks off.
    private static func end(
        of request: [UInt8],
        _ connection: inout HTTPClient,
        port: UInt16,
        deadline: ContinuousClock.Instant?,
        hear: (Int) -> Void
    ) throws -> End {
        var isBegun = false
        do {
            let answer = try connection.ask(request) { count in
                isBegun = true
                hear(count)
            }
            return switch (answer.status, answer.retryAfter) {
            case (200, _): .spoken
            case (503, let retryAfter?): .refused(retryAfter: retryAfter)
            case (504, _): .late
            default: .unexpected
            }
        } catch {
            connection = try HTTPClient(port: port)
            let isLate = isBegun && deadline.map { $0 <= .now } ?? false
            return isLate ? .late : .unexpected
        }
    }
}
