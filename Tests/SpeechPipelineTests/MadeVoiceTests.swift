import FoundationEssentials
import SpeechCore
import SpeechTestSupport
import SpeechPipeline
import Testing

@Suite("Making voices")
struct MadeVoiceTests {
    private static let engines = [
        EngineStatus(name: "chattts", voices: [Voice(name: "speaker_1", languages: ["zh", "en"])], slots: 2),
        EngineStatus(name: "other", voices: [], slots: 1), EngineStatus(name: "loading"),
    ]
    private static let configuration = PipelineConfiguration(
        models: ["tts-1": "other"],
        voices: ["chattts": ["boss": "speaker_1", "star": "amy"]]
    )

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }
    private let runner = ScriptedRunner(engines)

    private func pipeline(_ runner: ScriptedRunner? = nil) -> SpeechPipeline {
        SpeechPipeline(
            runner: runner ?? self.runner,
            configuration: Self.configuration,
            voiceStore: VoiceStore(directory: directory.path)
        )
    }

    @discardableResult
    private func make(
        _ name: String,
        model: String? = nil,
        from recipe: VoiceRecipe = .seed(7),
        with pipeline: SpeechPipeline
    ) async throws -> OfferedVoice {
        try await pipeline.makeVoice(
            named: name,
            model: model,
            from: recipe,
            description: nil,
            tenant: "ann",
            priority: .bulk
        )
    }

    @Test("A made voice is offered, and its speaker goes with every segment of a text")
    func speaks() async throws {
        let pipeline = pipeline()
        let before = Int(Date.now.timeIntervalSince1970)
        let made = try await pipeline.makeVoice(
            named: "amy",
            model: nil,
            from: .seed(7),
            description: "Warm.",
            tenant: "ann",
            priority: .bulk
        )
        #expect(made.voice == Voice(name: "amy", description: "Warm."))
        #expect((before...before + 60).contains(try #require(made.madeAt)))
        #expect(try pipeline.voices(model: nil)[1] == made)
        #expect(try !pipeline.voices(model: "other").contains(made))
        #expect(runner.makings == [.init(recipe: .seed(7), tenant: "ann", priority: .bulk)])

        let options: [String: JSONValue] = ["seed": .integer(1), "speaker": .string("mine")]
        for (number, name) in ["amy", "AMY", "star"].enumerated() {
            let text = "Hello there.\n你好吗？"
            let stream = try pipeline.speak(Utterance(id: "7", text: text, voice: name, engineOptions: options))
            let segments = runner.segments.dropFirst(2 * number)
            #expect(segments.map(\.voice) == ["amy", "amy"])
            for segment in segments {
                let speaker = JSONValue.object(["from": .string("seed(7)")])
                #expect(segment.context == ["seed": .integer(1), "speaker": speaker])
            }
            stream.cancel()
        }
        let plain = try pipeline.speak(Utterance(id: "8", text: "Hello.", voice: "speaker_1"))
        #expect(runner.segments.last?.context == [:])
        plain.cancel()
    }

    @Test("A text keeps its voice to the end, even if that is deleted meanwhile, and a restart keeps the voice")
    func keepsVoice() async throws {
        let runner = ScriptedRunner([EngineStatus(name: "chattts", voices: [], slots: 1)]) { $1.play(1) }
        let pipeline = pipeline(runner)
        try await make("amy", with: pipeline)
        let again = self.pipeline(runner)
        let stream = try again.speak(Utterance(id: "1", text: "Hello there.\n你好吗？", voice: "amy"))
        try again.deleteVoice(named: "amy", model: nil)
        #expect(runner.segments.count == 1)
        while try await stream.next() != nil {}
        let speaker = JSONValue.object(["from": .string("seed(7)")])
        #expect(runner.segments.map { $0.context["speaker"] } == [speaker, speaker])
        // An engine without named voices takes any name, but it is no longer ours.
        let later = try again.speak(Utterance(id: "2", text: "Hello.", voice: "amy"))
        #expect(runner.segments.last?.context == [:])
        later.cancel()
    }

    @Test("All recipes reach the engine")
    func recipes() async throws {
        let pipeline = pipeline()
        let recipes: [VoiceRecipe] = [
            .seed(-1), .code("x"), .recording(PCM(samples: [1], sampleRate: 8_000), text: "Hi."),
        ]
        for (number, recipe) in recipes.enumerated() { try await make("v\(number)", from: recipe, with: pipeline) }
        #expect(runner.recipes == recipes)
    }

    @Test(
        "A name that means something already is refused before the engine works",
        arguments: ["alloy", "Nova", "auto", "boss", "BOSS", "speaker_1", "taken", "TAKEN"]
    )
    func conflicts(name: String) async throws {
        let pipeline = pipeline()
        try await make("taken", with: pipeline)
        let error = try await #require(throws: SpeechError.self) { try await make(name, with: pipeline) }
        #expect(error.code == .voiceConflict)
        #expect(error.param == "name")
        #expect(error.message.contains("'\(name)'"))
        #expect(runner.recipes.count == 1)
    }

    @Test("A name that is none, an unknown model and an engine that is loading are refused")
    func refusals() async throws {
        let pipeline = pipeline()
        for (name, model, code, param) in [
            ("a/b", nil, .invalidRequest, "name"), ("amy", "what", .modelNotFound, "model"),
            ("amy", "loading", .engineUnavailable, nil),
        ] as [(String, String?, SpeechError.Code, String?)] {
            let error = try await #require(throws: SpeechError.self) {
                try await make(name, model: model, with: pipeline)
            }
            #expect(error.code == code)
            #expect(error.param == param)
        }
        #expect(runner.recipes.isEmpty)
    }

    @Test("What the engine refuses is not kept")
    func engineRefuses() async throws {
        let refusal = SpeechError(.refusedByEngine, "This engine makes no voices.")
        let runner = ScriptedRunner(Self.engines, speaker: { _ in .failure(refusal) })
        let pipeline = pipeline(runner)
        await #expect(throws: refusal) { try await make("amy", with: pipeline) }
        #expect(throws: SpeechError.self) { try pipeline.speak(Utterance(id: "1", text: "Hi.", voice: "amy")) }
        #expect(directory.files.isEmpty)
    }

    @Test("Only made voices can be deleted, and only of their own engine")
    func deletion() async throws {
        let pipeline = pipeline()
        try await make("amy", model: "tts-1", with: pipeline)
        for (name, model, code) in [
            ("amy", nil, .voiceNotFound), ("nobody", "other", .voiceNotFound), ("speaker_1", nil, .invalidRequest),
            ("boss", nil, .invalidRequest), ("alloy", "other", .invalidRequest), ("amy", "what", .modelNotFound),
        ] as [(String, String?, SpeechError.Code)] {
            let error = try #require(throws: SpeechError.self) { try pipeline.deleteVoice(named: name, model: model) }
            #expect(error.code == code)
        }
        try pipeline.deleteVoice(named: "amy", model: "tts-1")
        #expect(throws: SpeechError.self) { try pipeline.deleteVoice(named: "amy", model: "tts-1") }
        #expect(try pipeline.voices(model: "tts-1").allSatisfy { $0.madeAt == nil })
    }

    @Test("Without a place to keep them no voices are made")
    func noStore() async throws {
        let pipeline = SpeechPipeline(runner: runner)
        let error = try await #require(throws: SpeechError.self) { try await make("amy", with: pipeline) }
        #expect(error.code == .invalidRequest)
        #expect(throws: error) { try pipeline.deleteVoice(named: "amy", model: nil) }
        #expect(runner.recipes.isEmpty)
    }
}
