import Metrics
import MetricsTestKit
import SpeechCore
import SpeechTestSupport
import Testing

@testable import SpeechPipeline

/// Finished audio that is kept in memory.
@Suite(.timeLimit(.minutes(1))) struct CacheTests {
    @Test("What is finished is heard again without being made")
    func kept() async throws {
        let stage = SharingStage { _, sink in
            sink.note("remark")
            sink.play(1, finish: false)
            sink.play(2, rate: 24_000)
        }
        let first = try await stage.submit(.of()).rest()
        let again = stage.submit(.of().with { $0.tenant = "another" })
        #expect(again.isEnded)
        #expect(again.timing.shared == .cached && again.timing.queued != nil && again.timing.firstAudio != nil)
        #expect(try await again.rest() == first)
        #expect(again.notes == ["remark"])
        #expect(stage.runner.segments.count == 1)
    }

    @Test("That there is nothing to say is kept as well, but not that an engine said nothing")
    func nothing() async throws {
        let stage = SharingStage { segment, sink in sink.finish(nothingToSay: segment.text == "!") }
        for text in ["!", "!", "?", "?"] {
            let audio = stage.submit(.of(text))
            #expect(try await audio.rest() == [])
            #expect(audio.hadNothingToSay == (text == "!"))
        }
        #expect(stage.runner.segments.map(\.text) == ["!", "?", "?"])
    }

    @Test("no-store is not kept, no-cache is not looked up; each may do the other")
    func directives() {
        let stage = SharingStage { _, sink in sink.play(1) }
        let quiet = Segment.of().with { $0.caching.isStoringAllowed = false }
        let fresh = Segment.of().with { $0.caching.isReadingAllowed = false }
        let counts = [quiet, quiet, fresh, quiet, fresh, .of()].map { segment in
            _ = stage.submit(segment)
            return stage.runner.segments.count
        }
        #expect(counts == [1, 2, 3, 3, 4, 4])
    }

    @Test("What was used longest ago goes first, and what is too large is not kept")
    func limit() {
        let one = KeptAudio.of(count: 1_000).byteCount
        let stage = SharingStage(cache: CacheConfiguration(memoryBytes: 8 * one)) { segment, sink in
            sink.play(1, count: segment.text == "large" ? 1_001 : 1_000)
        }
        func isKept(_ text: String) -> Bool { stage.submit(.of(text)).timing.shared == .cached }
        for number in 0..<8 { #expect(!isKept("\(number)")) }
        #expect(isKept("0"))
        #expect(!isKept("8"), "the place of 1 is taken")
        #expect(isKept("0"))
        #expect(!isKept("1"))
        #expect(!isKept("large") && !isKept("large"))
        #expect(isKept("1") && isKept("8"))
    }

    @Test("Without room nothing is kept, and without a cache nothing is shared")
    func off() throws {
        let runner = ScriptedRunner([SharingStage.engine()]) { _, sink in sink.start() }
        var configuration = PipelineConfiguration()
        configuration.cache.memoryBytes = 0
        let pipeline = SpeechPipeline(runner: runner, configuration: configuration)
        let streams = try (0..<2).map { _ in try pipeline.speak(Utterance(id: "test", text: "Hello.")) }
        #expect(runner.segments.count == 2)
        configuration.cache.memoryBytes = 1
        let sharing = SpeechPipeline(runner: runner, configuration: configuration)
        let shared = try (0..<2).map { _ in try sharing.speak(Utterance(id: "test", text: "Hello.")) }
        #expect(runner.segments.count == 3)
        #expect((streams + shared).map(\.timing.shared) == [nil, nil, nil, .joined])
    }

    @Test("Hits, misses, joins and what is kept are counted")
    func metrics() throws {
        let factory = TestMetrics()
        let stage = withMetricsFactory(factory) { SharingStage() }
        _ = (stage.submit(.of()), stage.submit(.of()))
        stage.runner.sink(0).play(1)
        _ = stage.submit(.of())
        #expect(try factory.expectCounter("chorus_cache_misses_total").totalValue == 1)
        #expect(try factory.expectCounter("chorus_coalesced_total").totalValue == 1)
        let memory = [("where", "memory")]
        #expect(try factory.expectCounter("chorus_cache_hits_total", memory).totalValue == 1)
        let bytes = try factory.expectMeter("chorus_cache_bytes", memory).lastValue
        #expect(bytes == Double(KeptAudio.of(count: 4).byteCount))
    }

    @Test("The least recently used go, as in a list that is kept in order", arguments: [1, 2, 3] as [UInt64])
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var used = RecentlyUsed<Int, Int>(limitBytes: 20)
        var model: [(key: Int, value: Int, bytes: Int)] = []
        for step in 0..<5_000 {
            let key = Int.random(in: 0..<12, using: &random)
            let place = model.firstIndex { $0.key == key }
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                #expect(used.use(key) == place.map { model[$0].value })
                if let place { model.insert(model.remove(at: place), at: 0) }
            case 1:
                used.remove(key)
                if let place { model.remove(at: place) }
            case 2:
                let bytes = Int.random(in: 0...21, using: &random)
                let fits = place != nil || model.reduce(bytes) { $0 + $1.bytes } <= 20
                #expect(used.insertOldest(step, for: key, byteCount: bytes) == fits)
                if fits, place == nil { model.append((key, step, bytes)) }
            default:
                let bytes = Int.random(in: 0...21, using: &random)
                if let place { model.remove(at: place) }
                model.insert((key, step, bytes), at: 0)
                var gone: [Int] = []
                while model.reduce(0, { $0 + $1.bytes }) > 20 { gone.append(model.removeLast().key) }
                #expect(used.insert(step, for: key, byteCount: bytes) == gone)
            }
            #expect(used.byteCount == model.reduce(0) { $0 + $1.bytes })
            #expect((0..<12).filter(used.contains) == model.map(\.key).sorted(), "seed \(seed), step \(step)")
        }
    }
}

extension KeptAudio {
    /// Audio of one piece.
    static func of(count: Int, value: Int16 = 1) -> KeptAudio {
        var audio = KeptAudio()
        audio.append(PCM(samples: [Int16](repeating: value, count: count), sampleRate: 24_000))
        return audio
    }
}
