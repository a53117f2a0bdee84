package import SpeechCore
import Synchronization

/// Speaks utterances: cuts them into segments, has those run, and puts the audio together in order.
package final class SpeechPipeline: Synthesizer {
    /// How long a refused caller is asked to wait before it tries again.
    private static let retryAfter = Duration.seconds(1)

    private let current: Mutex<PipelineConfiguration>
    private let segmenter: TextSegmenter
    /// Which scripts the engines' voices read, by the engines' names.
    private let readers = Mutex<[String: ScriptReaders]>([:])
    /// `nil` when no voices are made here.
    let voiceStore: VoiceStore?
    let resources: PipelineResources

    /// - Parameters:
    ///   - runner: what the segments run on.
    ///   - configuration: how texts are cut, and what callers may name.
    ///   - voiceStore: where made voices are kept; without one none can be made.
    package init(
        runner: any SegmentRunner,
        configuration: PipelineConfiguration = PipelineConfiguration(),
        voiceStore: VoiceStore? = nil
    ) {
        current = Mutex(configuration)
        self.voiceStore = voiceStore
        segmenter = TextSegmenter(limits: configuration.limits)
        resources = PipelineResources(
            runner: configuration.cache.isOn ? CachingRunner(runner, configuration: configuration.cache) : runner,
            metrics: PipelineMetrics()
        )
    }

    /// How texts are cut into segments and which of them are shared is decided once; all else may change.
    private var configuration: PipelineConfiguration { current.withLock { $0 } }

    /// From now on callers may name other models and voices, and there may be more or fewer of them.
    package func update(
        models: [String: String],
        voices: [String: [String: String]],
        segmentGap: Duration,
        maxUtterances: Int
    ) {
        current.withLock { configuration in
            configuration.models = models
            configuration.voices = voices
            configuration.segmentGap = segmentGap
            configuration.maxUtterances = maxUtterances
        }
    }

    /// The engines in their order, of which the first is the default, then the aliases by name.
    package var models: [SpeechModel] {
        resources.runner.engines.map { SpeechModel(id: $0.name, engine: $0.name) }
            + configuration.models.sorted { $0.key < $1.key }.map { SpeechModel(id: $0.key, engine: $0.value) }
    }

    package func voices(model: String?) throws(SpeechError) -> [OfferedVoice] {
        try voiceBook(of: engine(model, among: resources.runner.engines)).offered
    }

    package func speak(_ utterance: Utterance) throws(SpeechError) -> any SpeechStream {
        let engines = resources.runner.engines
        let engine = try engine(utterance.model, among: engines)
        let voices = try voiceBook(of: engine)
        let voice = try voices.choice(named: utterance.voice)
        guard !utterance.text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
            throw SpeechError(.invalidRequest, "The text is empty: there is nothing to say.", param: "input")
        }
        guard resources.utterances.take(limit: configuration.maxUtterances) else {
            throw SpeechError(
                .queueFull,
                "\(configuration.maxUtterances) requests are being spoken, which is the limit. Try again soon.",
                retryAfter: Self.retryAfter
            )
        }
        let plan = UtterancePlan(
            utterance: utterance,
            number: resources.numbers.next(),
            engine: engine.name,
            segments: segmenter.segments(of: utterance.text),
            voices: voices,
            voice: voice,
            takesSpans: engine.takesSpans,
            gap: configuration.segmentGap,
            window: max(1, engine.slots),
            lookaheadLimit: UtteranceWindow.permits(slots: engines.reduce(0) { $0 + $1.slots })
        )
        return UtteranceStream(plan, resources: resources)
    }

    /// The engine behind a model's name.
    func engine(_ model: String?, among engines: [EngineStatus]) throws(SpeechError) -> EngineStatus {
        let aliases = configuration.models
        let name = model.map { aliases[$0] ?? $0 }
        if let engine = name == nil ? engines.first : engines.first(where: { $0.name == name }) { return engine }
        if let alias = model.flatMap(SpeechModel.undated), let name = aliases[alias],
            let engine = engines.first(where: { $0.name == name })
        {
            return engine
        }
        let names = models.prefix(6).map(\.id).joined(separator: ", ")
        throw SpeechError(
            .modelNotFound,
            "There is no model '\((model ?? "").prefix(64))'. There are, for example: \(names). "
                + "GET /v1/models lists all.",
            param: "model"
        )
    }

    /// The voices of an engine, which are known once an instance of it is loaded.
    func voiceBook(of engine: EngineStatus) throws(SpeechError) -> VoiceBook {
        guard let voices = engine.voices else {
            throw SpeechError(
                .engineUnavailable,
                "Engine '\(engine.name)' is still loading. Try again soon.",
                retryAfter: Self.retryAfter
            )
        }
        return VoiceBook(
            engine: engine.name,
            scripts: scripts(of: voices, engine: engine.name),
            made: voiceStore?.voices(of: engine.name) ?? [],
            aliases: configuration.voices[engine.name] ?? [:]
        )
    }

    /// The same for all requests, until the engine has other voices.
    private func scripts(of voices: [Voice], engine: String) -> ScriptReaders {
        readers.withLock { readers in
            if let known = readers[engine], known.voices == voices { return known }
            let new = ScriptReaders(voices)
            readers[engine] = new
            return new
        }
    }
}
