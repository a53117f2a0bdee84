import Metrics
import Synchronization

/// What the HTTP surface counts. Made once; every label is one of few.
final class APIMetrics: Sendable {
    private struct Outcome: Hashable {
        var route: String
        var status: Int
    }

    private let audioSeconds = FloatingPointCounter(label: "chorus_audio_seconds_total")
    private let bytesSent = Counter(label: "chorus_bytes_sent_total")
    private let firstAudio = Timer(label: "chorus_ttfa_seconds")
    private let streamsOpen = Meter(label: "chorus_streams_open")
    private let requests = Mutex<[Outcome: Counter]>([:])
    /// Where the counters of outcomes come from that have not been met yet.
    private let factory = MetricsSystem.factory

    /// An utterance begins to be spoken; `speechEnded` follows.
    func speechBegan() {
        streamsOpen.increment()
    }

    /// An utterance is over, one way or another.
    /// - Parameter made: audio that engines made for it.
    func speechEnded(made: Duration) {
        streamsOpen.decrement()
        audioSeconds.increment(by: made / .seconds(1))
    }

    /// A request's first audio was written.
    /// - Parameter duration: since the request's arrival.
    func firstAudioWritten(after duration: Duration) {
        firstAudio.record(duration: duration)
    }

    /// Audio was written to a client.
    func audioWritten(bytes: Int) {
        bytesSent.increment(by: bytes)
    }

    /// A request is over.
    /// - Parameters:
    ///   - route: a route's label, or `other`.
    ///   - status: what was sent, or, when the response broke off, what would have been sent had it been known in time.
    func finished(route: String, status: Int) {
        let counter = requests.withLock { requests in
            let outcome = Outcome(route: route, status: status)
            if let counter = requests[outcome] { return counter }
            let dimensions = [("route", route), ("status", String(status))]
            let counter = Counter(label: "chorus_http_requests_total", dimensions: dimensions, factory: factory)
            requests[outcome] = counter
            return counter
        }
        counter.increment()
    }
}
