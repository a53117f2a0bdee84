import SpeechCore
import Synchronization

/// A runner that does what the test says: it remembers what was submitted, and the test makes the audio.
final class ScriptedRunner: SegmentRunner {
    /// A voice that was to be made.
    struct Making: Equatable {
        var recipe: VoiceRecipe
        var tenant: String
        var priority: Priority
    }

    private struct State {
        var engines: [EngineStatus]
        var submitted: [(segment: Segment, sink: any SegmentSink)] = []
        var cancelled: [Int] = []
        var makings: [Making] = []
        var endedUtterances: [UInt64] = []
    }

    private let state: Mutex<State>
    private let admits: Bool
    private let answer: @Sendable (Segment, any SegmentSink) -> Void
    private let speaker: @Sendable (VoiceRecipe) -> Result<[String: JSONValue], SpeechError>

    /// - Parameters:
    ///   - admits: whether each segment is admitted at once.
    ///   - answer: what to do with a segment at once; nothing unless given.
    ///   - speaker: what a recipe becomes; unless given, something that tells recipes apart.
    init(
        _ engines: [EngineStatus],
        admits: Bool = true,
        answer: @escaping @Sendable (Segment, any SegmentSink) -> Void = { _, _ in },
        speaker: @escaping @Sendable (VoiceRecipe) -> Result<[String: JSONValue], SpeechError> = {
            .success(["from": .string("\($0)")])
        }
    ) {
        self.state = Mutex(State(engines: engines))
        self.admits = admits
        self.speaker = speaker
        self.answer = answer
    }

    /// One engine with these slots and no voices.
    convenience init(
        slots: Int,
        admits: Bool = true,
        answer: @escaping @Sendable (Segment, any SegmentSink) -> Void = { _, _ in }
    ) {
        let engine = EngineStatus(name: "test", voices: [], readyInstances: 1, slots: slots)
        self.init([engine], admits: admits, answer: answer)
    }

    var engines: [EngineStatus] {
        get { state.withLock { $0.engines } }
        set { state.withLock { $0.engines = newValue } }
    }

    func submit(_ segment: Segment, to sink: any SegmentSink) -> @Sendable () -> Void {
        state.withLock { $0.submitted.append((segment, sink)) }
        if admits { sink.admitted() }
        answer(segment, sink)
        return { [weak self] in self?.noteCancelled(segment.index) }
    }

    func utteranceEnded(_ utterance: UInt64) { state.withLock { $0.endedUtterances.append(utterance) } }

    /// The utterances of which nothing more was to come, in order.
    var endedUtterances: [UInt64] { state.withLock { $0.endedUtterances } }

    func makeVoice(
        _ recipe: VoiceRecipe,
        engine: String,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> [String: JSONValue] {
        state.withLock { $0.makings.append(Making(recipe: recipe, tenant: tenant, priority: priority)) }
        return try speaker(recipe).get()
    }

    /// The voices that were to be made, in order.
    var makings: [Making] { state.withLock { $0.makings } }
    /// What they were to be made from.
    var recipes: [VoiceRecipe] { makings.map(\.recipe) }

    /// What was submitted, in order.
    var segments: [Segment] { state.withLock { $0.submitted.map(\.segment) } }

    /// The indices of the segments that were submitted, in order.
    var indices: [Int] { segments.map(\.index) }

    /// The indices of the segments that the reader gave up, sorted.
    var cancelled: [Int] { state.withLock { $0.cancelled.sorted() } }

    /// Where the audio goes that was asked for as the n-th.
    func sink(_ number: Int) -> any SegmentSink { state.withLock { $0.submitted[number].sink } }

    private func noteCancelled(_ index: Int) {
        state.withLock { $0.cancelled.append(index) }
    }
}

extension SegmentSink {
    /// Adds samples of one value and maybe ends.
    func play(_ value: Int16, count: Int = 4, rate: Int = 24_000, finish: Bool = true) {
        _ = append(PCM(samples: [Int16](repeating: value, count: count), sampleRate: rate))
        if finish { self.finish() }
    }
}
