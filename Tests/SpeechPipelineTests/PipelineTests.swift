import Metrics
import MetricsTestKit
import SpeechCore
import SpeechPipeline
import Testing

@Suite("Pipeline")
struct PipelineTests {
    private static let engines = [
        EngineStatus(
            name: "first",
            voices: [Voice(name: "en", languages: ["en"]), Voice(name: "zh", languages: ["zh"])],
            slots: 4
        ),
        EngineStatus(name: "second", voices: [], slots: 1), EngineStatus(name: "loading"),
    ]
    private static let configuration = PipelineConfiguration(
        models: ["tts-1": "second", "a": "first", "gone": "nowhere"],
        voices: ["first": ["boss": "en"]]
    )

    private let runner = ScriptedRunner(engines)
    private let pipeline: SpeechPipeline

    init() {
        pipeline = SpeechPipeline(runner: runner, configuration: Self.configuration)
    }

    @Test("Models are the engines in their order, then the aliases by name")
    func models() {
        #expect(pipeline.models.map(\.id) == ["first", "second", "loading", "a", "gone", "tts-1"])
        #expect(pipeline.models.map(\.engine) == ["first", "second", "loading", "first", "nowhere", "second"])
    }

    @Test("Voices are those of the model's engine")
    func voices() throws {
        let own = { (model: String?) in
            try pipeline.voices(model: model).map(\.voice.name).filter { !VoiceBook.openAINames.contains($0) }
        }
        #expect(try own(nil) == ["en", "zh", "boss"])
        #expect(try own("tts-1").isEmpty)
    }

    @Test("An alias is known with a date behind it, too, as OpenAI names its snapshots; an engine is not")
    func dated() throws {
        #expect(try pipeline.voices(model: "a-2025-12-15") == pipeline.voices(model: "a"))
        #expect(SpeechModel.undated("gpt-4o-mini-tts-2025-12-15") == "gpt-4o-mini-tts")
        for name in ["first-2025-12-15", "a-2025-12-1", "a-2025-12-1x", "a2025-12-15", "-2025-12-15", "b-2025-12-15"] {
            #expect(throws: SpeechError.self) { try pipeline.voices(model: name) }
        }
    }

    @Test("Only an engine that knows spans is told which voice speaks which part")
    func spans() throws {
        let text = "My friend 小明 came."
        _ = try pipeline.speak(Utterance(id: "1", model: "first", text: text))
        runner.engines[0].takesSpans = true
        _ = try pipeline.speak(Utterance(id: "2", model: "first", text: text))
        _ = try pipeline.speak(Utterance(id: "3", model: "first", text: text, voice: "zh"))
        let contexts = runner.segments.map(\.context)
        #expect(contexts.count == 3 && contexts[0].isEmpty && contexts[2].isEmpty)
        let span = { (length: Int, voice: String) in
            JSONValue.object(["length": .integer(length), "voice": .string(voice)])
        }
        #expect(contexts[1] == ["spans": .array([span(10, "en"), span(3, "zh"), span(5, "en")])])
    }

    @Test("An unknown model, also behind an alias, is refused with names that exist", arguments: ["what", "gone", ""])
    func unknownModel(model: String) throws {
        let error = try #require(throws: SpeechError.self) {
            try pipeline.speak(Utterance(id: "1", model: model, text: "Hello."))
        }
        #expect(error.code == .modelNotFound)
        #expect(error.param == "model")
        #expect(error.message.contains("first, second"))
        #expect(throws: error) { try pipeline.voices(model: model) }
    }

    @Test("An engine that is still loading is unavailable for now")
    func loading() throws {
        let error = try #require(throws: SpeechError.self) {
            try pipeline.speak(Utterance(id: "1", model: "loading", text: "Hello."))
        }
        #expect(error.code == .engineUnavailable)
        #expect(error.retryAfter == .seconds(1))
    }

    @Test("A text of white space and an unknown voice are refused and reach no worker")
    func invalid() throws {
        let empty = try #require(throws: SpeechError.self) { try pipeline.speak(Utterance(id: "1", text: " \n")) }
        #expect(empty.code == .invalidRequest)
        let voice = try #require(throws: SpeechError.self) {
            try pipeline.speak(Utterance(id: "1", text: "Hello.", voice: "nobody"))
        }
        #expect(voice.code == .voiceNotFound)
        #expect(runner.segments.isEmpty)
    }

    @Test("Segments carry the utterance's id, engine, options and tenant, and a voice for their script")
    func segments() throws {
        let text = "Hello there.\n你好吗？"
        var utterance = Utterance(id: "7", text: text, engineOptions: ["seed": .integer(1)], tenant: "me")
        utterance.priority = .bulk
        let deadline = ContinuousClock.now + .seconds(60)
        utterance.playback = .asap
        utterance.deadline = deadline
        utterance.caching = Caching(isReadingAllowed: false)
        let stream = try pipeline.speak(utterance)
        #expect(stream.segmentCount == 2)
        // A Chinese character takes as long to say as four letters.
        let spoken = [(0, "Hello there.", "en", 12, 13), (1, "你好吗？", "zh", 13, 0)]
        let expected = spoken.map { index, text, voice, weight, later in
            Segment(
                utteranceID: "7",
                utterance: 1,
                index: index,
                engine: "first",
                text: text,
                voice: voice,
                context: ["seed": .integer(1)],
                tenant: "me",
                priority: .bulk,
                weight: weight,
                laterWeight: later,
                laterCount: 1 - index,
                laterAtOnce: 1 - index,
                playback: .asap,
                deadline: deadline,
                caching: Caching(isReadingAllowed: false)
            )
        }
        #expect(runner.segments == expected)
        let other = try pipeline.speak(Utterance(id: "8", model: "tts-1", text: "Hello.", voice: "any"))
        #expect(
            runner.segments.last
                == Segment(
                    utteranceID: "8",
                    utterance: 2,
                    index: 0,
                    engine: "second",
                    text: "Hello.",
                    voice: "any",
                    weight: 6
                )
        )
        other.cancel()
    }

    @Test("No more utterances are open than may be, and an ended one makes room")
    func maxUtterances() throws {
        let pipeline = SpeechPipeline(runner: runner, configuration: PipelineConfiguration(maxUtterances: 2))
        let utterance = Utterance(id: "1", text: "Hello.")
        let first = try pipeline.speak(utterance)
        let second = try pipeline.speak(utterance)
        let error = try #require(throws: SpeechError.self) { try pipeline.speak(utterance) }
        #expect(error.code == .queueFull)
        #expect(error.retryAfter == .seconds(1))
        first.cancel()
        first.cancel()
        let third = try pipeline.speak(utterance)
        #expect(throws: SpeechError.self) { try pipeline.speak(utterance) }
        second.cancel()
        third.cancel()
    }

    @Test("Utterances are counted by how they end")
    func metrics() async throws {
        let metrics = TestMetrics()
        let runner = ScriptedRunner(slots: 2)
        let pipeline = withMetricsFactory(metrics) { SpeechPipeline(runner: runner) }
        let utterance = Utterance(id: "1", text: "One. Two.")
        let done = try pipeline.speak(utterance)
        runner.sink(0).play(1)
        runner.sink(1).play(2)
        while try await done.next() != nil {}
        let failed = try pipeline.speak(utterance)
        runner.sink(2).fail(SpeechError(.engineFailed, "It broke."))
        await #expect(throws: SpeechError.self) { try await failed.next() }
        let cancelled = try pipeline.speak(utterance)
        let open = try pipeline.speak(utterance)
        cancelled.cancel()
        #expect(try metrics.expectMeter("chorus_utterances_open").lastValue == 1)
        #expect(try metrics.expectCounter("chorus_segments_total").totalValue == 8)
        for outcome in ["ok", "failed", "cancelled"] {
            #expect(try metrics.expectCounter("chorus_utterances_total", [("outcome", outcome)]).totalValue == 1)
        }
        open.cancel()
    }
}
