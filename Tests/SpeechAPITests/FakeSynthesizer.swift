import SpeechCore
import Synchronization

/// Speaks by a script, and keeps what it was asked.
final class FakeSynthesizer: Synthesizer {
    let models = [SpeechModel(id: "espeak", engine: "espeak"), SpeechModel(id: "tts-1/a", engine: "espeak")]
    private let asked = Mutex<[Utterance]>([])
    private let answer: @Sendable (Utterance) -> Result<FakeStream, SpeechError>

    init(_ answer: @escaping @Sendable (Utterance) -> Result<FakeStream, SpeechError>) {
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

    var utterances: [Utterance] { asked.withLock { $0 } }

    func voices(model: String?) throws(SpeechError) -> [OfferedVoice] {
        guard model == nil || models.contains(where: { $0.id == model }) else {
            throw SpeechError(.modelNotFound, "There is no such model.")
        }
        return [
            OfferedVoice(Voice(name: "en-us", languages: ["en-us", "en"], description: "English")),
            OfferedVoice(Voice(name: "alloy", languages: ["en"]), aliasOf: "auto+f2"),
        ]
    }

    func speak(_ utterance: Utterance) throws(SpeechError) -> any SpeechStream {
        asked.withLock { $0.append(utterance) }
        return try answer(utterance).get()
    }
}
