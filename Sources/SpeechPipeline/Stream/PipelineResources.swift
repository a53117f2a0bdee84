import SpeechCore

/// What the open utterances share.
struct PipelineResources: Sendable {
    let runner: any SegmentRunner
    let metrics: PipelineMetrics
    /// One for each open utterance.
    let utterances = Permits()
    /// One for each segment that is submitted before its turn to be read: what bounds the memory of all utterances
    /// together to a segment each and these.
    let lookahead = Permits()
}
