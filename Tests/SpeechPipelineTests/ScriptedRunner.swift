import SpeechCore
import Synchronization

/// A runner that does what the test says: it remembers what was submitted, and the test makes the audio.
final class ScriptedRunner: SegmentRunner {
    private struct State {
        var engines: [EngineStatus]
        var submitted: [(segment: Segment, audio: SegmentAudio)] = []
        var cancelled: [Int] = []
        var recipes: [VoiceRecipe] = []
    }

    private let state: Mutex<State>
    private let answer: @Sendable (Segment, SegmentAudio) -> Void
    private let speaker: @Sendable (VoiceRecipe) -> Result<[String: JSONValue], SpeechError>

    /// - Parameters:
    ///   - answer: what to do with a segment at once; nothing unless given.
    ///   - speaker: what a recipe becomes; unless given, something that tells recipes apart.
    init(
        _ engines: [EngineStatus],
        answer: @escaping @Sendable (Segment, SegmentAudio) -> Void = { _, _ in },
        speaker: @escaping @Sendable (VoiceRecipe) -> Result<[String: JSONValue], SpeechError> = {
            .success(["from": .string("\($0)")])
        }
    ) {
        self.state = Mutex(State(engines: engines))
        self.speaker = speaker
        self.answer = answer
    }

    /// One engine with these slots and no voices.
    convenience init(slots: Int, answer: @escaping @Sendable (Segment, SegmentAudio) -> Void = { _, _ in }) {
        self.init([EngineStatus(name: "test", voices: [], readyInstances: 1, slots: slots)], answer: answer)
    }

    var engines: [EngineStatus] { state.withLock { $0.engines } }

    func submit(_ segment: Segment) -> SegmentAudio {
        let audio = SegmentAudio { [weak self] in self?.noteCancelled(segment.index) }
        state.withLock { $0.submitted.append((segment, audio)) }
        answer(segment, audio)
        return audio
    }

    func makeVoice(_ recipe: VoiceRecipe, engine: String) async throws(SpeechError) -> [String: JSONValue] {
        state.withLock { $0.recipes.append(recipe) }
        return try speaker(recipe).get()
    }

    /// What voices were to be made from, in order.
    var recipes: [VoiceRecipe] { state.withLock { $0.recipes } }

    /// What was submitted, in order.
    var segments: [Segment] { state.withLock { $0.submitted.map(\.segment) } }

    /// The indices of the segments that were submitted, in order.
    var indices: [Int] { segments.map(\.index) }

    /// The indices of the segments that the reader gave up, sorted.
    var cancelled: [Int] { state.withLock { $0.cancelled.sorted() } }

    /// The n-th audio that was asked for.
    func audio(_ number: Int) -> SegmentAudio { state.withLock { $0.submitted[number].audio } }

    private func noteCancelled(_ index: Int) {
        state.withLock { $0.cancelled.append(index) }
    }
}

extension SegmentAudio {
    /// Adds samples of one value and maybe ends.
    func play(_ value: Int16, count: Int = 4, rate: Int = 24_000, finish: Bool = true) {
        _ = append(PCM(samples: [Int16](repeating: value, count: count), sampleRate: rate))
        if finish { self.finish() }
    }
}
