import Metrics

/// What the pipeline counts.
struct PipelineMetrics: Sendable {
    /// How an utterance ended.
    enum Outcome: String, CaseIterable {
        case ok, failed, cancelled
    }

    private let open = Meter(label: "chorus_utterances_open")
    private let segments = Counter(label: "chorus_segments_total")
    private let outcomes: [Outcome: Counter]

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map {
                ($0, Counter(label: "chorus_utterances_total", dimensions: [("outcome", $0.rawValue)]))
            }
        )
    }

    func utteranceOpened() { open.increment() }

    func segmentSubmitted() { segments.increment() }

    func utteranceEnded(_ outcome: Outcome) {
        open.decrement()
        outcomes[outcome]?.increment()
    }
}
