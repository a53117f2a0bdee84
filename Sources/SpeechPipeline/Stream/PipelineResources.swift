import SpeechCore
import Synchronization

/// Gives each utterance a number that no other has.
final class UtteranceNumbers: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}

/// What the open utterances share.
struct PipelineResources: Sendable {
    let runner: any SegmentRunner
    let metrics: PipelineMetrics
    /// One for each open utterance.
    let utterances = Permits()
    /// One for each segment that is submitted before its turn to be read: what bounds the memory of all utterances
    /// together to a segment each and these.
    let lookahead = Permits()
    /// Tells utterances apart.
    let numbers = UtteranceNumbers()
}
