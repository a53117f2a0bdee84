import FoundationEssentials
package import SpeechCore

/// The voices that callers make.
extension SpeechPipeline {
    /// Makes a voice and keeps it. See `Synthesizer`.
    package func makeVoice(
        named name: String,
        model: String?,
        from recipe: VoiceRecipe,
        description: String?,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> OfferedVoice {
        let engine = try engine(model, among: resources.runner.engines)
        let store = try store()
        let voices = try voiceBook(of: engine)
        guard MadeVoice.isName(name) else {
            throw SpeechError(
                .invalidRequest,
                "A voice's name has at most \(MadeVoice.maxNameLength) letters (A to Z), digits, dots, dashes and "
                    + "underscores, a letter or digit first.",
                param: "name"
            )
        }
        if let meaning = voices.fixedMeaning(of: name) {
            throw SpeechError(
                .voiceConflict,
                "'\(name)' is \(meaning). Choose another name for the new voice.",
                param: "name"
            )
        }
        // Asked before the engine works for nothing, and once more when the voice is kept.
        try store.checkIsFree(name, engine: engine.name)
        let voice = MadeVoice(
            name: name,
            description: description,
            createdAt: Int(Date.now.timeIntervalSince1970),
            speaker: try await resources.runner.makeVoice(
                recipe,
                engine: engine.name,
                tenant: tenant,
                priority: priority
            )
        )
        try store.keep(voice, engine: engine.name)
        return OfferedVoice(voice)
    }

    /// Forgets a made voice. See `Synthesizer`.
    package func deleteVoice(named name: String, model: String?) throws(SpeechError) {
        let engine = try engine(model, among: resources.runner.engines)
        if try store().delete(name, engine: engine.name) { return }
        if let meaning = try voiceBook(of: engine).fixedMeaning(of: name) {
            throw SpeechError(
                .invalidRequest,
                "'\(name)' is \(meaning). Only voices that were made through this API can be deleted.",
                param: "name"
            )
        }
        throw SpeechError(
            .voiceNotFound,
            "No voice '\(name.prefix(MadeVoice.maxNameLength))' was made for engine '\(engine.name)'. "
                + "GET /v1/audio/voices lists all.",
            param: "name"
        )
    }

    private func store() throws(SpeechError) -> VoiceStore {
        guard let voiceStore else {
            throw SpeechError(.invalidRequest, "This server keeps no voices of its own: it has no place for them.")
        }
        return voiceStore
    }
}

extension OfferedVoice {
    /// A made voice as it is offered.
    init(_ voice: MadeVoice) {
        self.init(Voice(name: voice.name, description: voice.description), madeAt: voice.createdAt)
    }
}
