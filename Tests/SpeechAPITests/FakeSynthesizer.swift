import SpeechCore
import Synchronization

/// Speaks and makes voices by a script, and keeps what it was asked.
final class FakeSynthesizer: Synthesizer {
    /// A voice that was to be made.
    struct Making: Equatable {
        var name: String
        var model: String?
        var recipe: VoiceRecipe
        var description: String?
        var tenant = Utterance.anonymousTenant
        var priority = Priority.interactive
    }

    /// A voice that was to be deleted.
    struct Deletion: Equatable {
        var name: String
        var model: String?
    }

    private struct State {
        var utterances: [Utterance] = []
        var makings: [Making] = []
        var deletions: [Deletion] = []
    }

    let models = [SpeechModel(id: "espeak", engine: "espeak"), SpeechModel(id: "tts-1/a", engine: "espeak")]
    private let asked = Mutex(State())
    private let answer: @Sendable (Utterance) -> Result<FakeStream, SpeechError>
    private let making: @Sendable (String) async -> SpeechError?
    private let deleting: @Sendable (String) -> SpeechError?

    /// - Parameters:
    ///   - answer: what becomes of an utterance.
    ///   - making: told the name of a voice that is to be made; what it returns is thrown.
    ///   - deleting: the same for one that is to be deleted.
    init(
        _ answer: @escaping @Sendable (Utterance) -> Result<FakeStream, SpeechError> = { _ in .success(FakeStream()) },
        making: @escaping @Sendable (String) async -> SpeechError? = { _ in nil },
        deleting: @escaping @Sendable (String) -> SpeechError? = { _ in nil }
    ) {
        self.making = making
        self.deleting = deleting
        self.answer = answer
    }

    /// Always the same stream.
    convenience init(_ stream: FakeStream) {
        self.init { _ in .success(stream) }
    }

    /// Always the same error.
    convenience init(_ error: SpeechError) {
        self.init { _ in .failure(error) }
    }

    var utterances: [Utterance] { asked.withLock { $0.utterances } }
    var makings: [Making] { asked.withLock { $0.makings } }
    var deletions: [Deletion] { asked.withLock { $0.deletions } }

    func voices(model: String?) throws(SpeechError) -> [OfferedVoice] {
        guard model == nil || models.contains(where: { $0.id == model }) else {
            throw SpeechError(.modelNotFound, "There is no such model.")
        }
        return [
            OfferedVoice(Voice(name: "en-us", languages: ["en-us", "en"], description: "English")),
            OfferedVoice(Voice(name: "amy"), madeAt: 1_700_000_000),
            OfferedVoice(Voice(name: "alloy", languages: ["en"]), aliasOf: "auto+f2"),
        ]
    }

    func speak(_ utterance: Utterance) throws(SpeechError) -> any SpeechStream {
        asked.withLock { $0.utterances.append(utterance) }
        return try answer(utterance).get()
    }

    func makeVoice(
        named name: String,
        model: String?,
        from recipe: VoiceRecipe,
        description: String?,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> OfferedVoice {
        let asking = Making(
            name: name,
            model: model,
            recipe: recipe,
            description: description,
            tenant: tenant,
            priority: priority
        )
        asked.withLock { $0.makings.append(asking) }
        if let error = await making(name) { throw error }
        return OfferedVoice(Voice(name: name, description: description), madeAt: 1_700_000_000)
    }

    func deleteVoice(named name: String, model: String?) throws(SpeechError) {
        asked.withLock { $0.deletions.append(Deletion(name: name, model: model)) }
        if let error = deleting(name) { throw error }
    }
}
