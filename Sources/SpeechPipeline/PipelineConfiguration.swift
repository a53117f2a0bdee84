/// How utterances become segments of engines.
package struct PipelineConfiguration: Sendable {
    /// Names that callers may use as `model` besides the engines' own: alias → engine.
    package var models: [String: String]
    /// Names for voices, by engine: alias → `auto`, `auto+SUFFIX` or a voice of the engine.
    package var voices: [String: [String: String]]
    /// Silence between the segments of an utterance.
    package var segmentGap: Duration
    /// Utterances that may be open at once. More are refused with `queueFull`.
    package var maxUtterances: Int
    /// How long segments are.
    package var limits: SegmentLimits
    /// Whether audio is shared, and how much of it is kept.
    package var cache: CacheConfiguration

    package init(
        models: [String: String] = [:],
        voices: [String: [String: String]] = [:],
        segmentGap: Duration = .zero,
        maxUtterances: Int = 1_000,
        limits: SegmentLimits = SegmentLimits(),
        cache: CacheConfiguration = CacheConfiguration()
    ) {
        self.models = models
        self.voices = voices
        self.segmentGap = segmentGap
        self.maxUtterances = maxUtterances
        self.limits = limits
        self.cache = cache
    }
}
