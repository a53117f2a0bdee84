import SpeechCore
import Synchronization
import SpeechTestSupport
import Testing

@testable import SpeechPipeline

@Suite("Stream of an utterance")
struct UtteranceStreamTests {
    /// A text of that many segments.
    private static func text(_ count: Int) -> String {
        let sentence = "This is a sentence that is so long that it is not joined with another one."
        return "Hi. " + (1..<count).map { _ in sentence }.joined(separator: " ")
    }

    private func speak(_ count: Int, with pipeline: SpeechPipeline) throws -> any SpeechStream {
        let stream = try pipeline.speak(Utterance(id: "u", text: Self.text(count)))
        #expect(stream.segmentCount == count)
        return stream
    }

    /// That nothing is held any more.
    private func expectIdle(_ pipeline: SpeechPipeline, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(pipeline.resources.lookahead.count == 0, sourceLocation: sourceLocation)
        #expect(pipeline.resources.utterances.count == 0, sourceLocation: sourceLocation)
    }

    private func samples(_ stream: any SpeechStream) async throws -> [Int16] {
        var samples: [Int16] = []
        while let chunk = try await stream.next() { samples += chunk.samples }
        return samples
    }

    @Test("Audio comes in order though segments finish out of order")
    func order() async throws {
        let runner = ScriptedRunner(slots: 3)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        runner.sink(2).play(3, count: 1)
        runner.sink(1).play(2, count: 1, finish: false)
        runner.sink(0).play(1, count: 1)
        runner.sink(1).play(2, count: 1)
        #expect(try await samples(stream) == [1, 2, 2, 3])
        #expect(try await stream.next() == nil)
        expectIdle(pipeline)
    }

    @Test("As many segments are outstanding as the engine has slots", arguments: [0, 1, 2, 4])
    func slots(slots: Int) async throws {
        let runner = ScriptedRunner(slots: slots) { $1.play(1) }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(6, with: pipeline)
        let window = max(1, slots)
        #expect(runner.indices == Array(0..<window))
        _ = try await stream.next()
        #expect(runner.indices == Array(0..<window))
        _ = try await stream.next()
        #expect(runner.indices == Array(0...window))
        stream.cancel()
        expectIdle(pipeline)
    }

    @Test("A reader who does not read causes nothing to be made, and gets all when it goes on")
    func slowReader() async throws {
        // Each segment is 80 KiB in two chunks, made at once.
        let runner = ScriptedRunner(slots: 4) { segment, audio in
            audio.play(Int16(segment.index), count: 20 * 1024, finish: false)
            audio.play(Int16(segment.index), count: 20 * 1024)
        }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(10, with: pipeline)
        // The head alone is over the limit of 64 KiB.
        #expect(runner.indices == [0])
        _ = try await stream.next()
        #expect(runner.indices == [0])
        _ = try await stream.next()
        #expect(runner.indices == [0, 1, 2, 3])
        let rest = try await samples(stream)
        #expect(rest.count == 18 * 20_480)
        #expect(rest == rest.sorted())
        #expect(runner.indices == Array(0..<10))
        expectIdle(pipeline)
    }

    @Test("All utterances together have a bounded number of segments made before their turn")
    func lookaheadBudget() async throws {
        let runner = ScriptedRunner(slots: 4)
        let pipeline = SpeechPipeline(runner: runner)
        let streams = try (0..<5).map { _ in try speak(5, with: pipeline) }
        // 5 heads, and 8 permits: 3 + 3 + 2 + 0 + 0.
        #expect(runner.indices == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 0, 0])
        #expect(pipeline.resources.lookahead.count == 8)
        streams[0].cancel()
        #expect(pipeline.resources.lookahead.count == 5)
        // The last stream, when it is read, may now look ahead.
        runner.sink(12).play(1)
        _ = try await streams[4].next()
        #expect(pipeline.resources.lookahead.count == 8)
        for stream in streams { stream.cancel() }
        expectIdle(pipeline)
    }

    @Test("A segment that becomes the head gives its permit back")
    func permitOfHead() async throws {
        let runner = ScriptedRunner(slots: 2) { $1.play(Int16($0.index)) }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        #expect(pipeline.resources.lookahead.count == 1)
        for _ in 0..<3 { #expect(try await stream.next() != nil) }
        #expect(pipeline.resources.lookahead.count == 0)
        #expect(try await stream.next() == nil)
        expectIdle(pipeline)
    }

    @Test("Cancelling wakes a waiting reader and cancels what is outstanding")
    func cancel() async throws {
        let runner = ScriptedRunner(slots: 3)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        let reader = Task { try await stream.next() }
        stream.cancel()
        await #expect(throws: SpeechError.cancelled) { try await reader.value }
        await #expect(throws: SpeechError.cancelled) { try await stream.next() }
        #expect(runner.cancelled == [0, 1, 2])
        #expect(runner.indices == [0, 1, 2])
        expectIdle(pipeline)
    }

    @Test("A segment that is being submitted when the stream is cancelled is cancelled too")
    func cancelDuringSubmission() async throws {
        let opened = Mutex<(any SpeechStream)?>(nil)
        let runner = ScriptedRunner(slots: 1) { segment, audio in
            if segment.index == 0 { audio.play(1) } else { opened.withLock { $0 }?.cancel() }
        }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        opened.withLock { $0 = stream }
        #expect(try await stream.next() != nil)
        await #expect(throws: SpeechError.cancelled) { try await stream.next() }
        #expect(runner.cancelled == [1])
        opened.withLock { $0 = nil }
        expectIdle(pipeline)
    }

    @Test("A cancelled task cancels the utterance")
    func taskCancellation() async throws {
        let runner = ScriptedRunner(slots: 3)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        let reader = Task { try await stream.next() }
        reader.cancel()
        await #expect(throws: SpeechError.cancelled) { try await reader.value }
        #expect(runner.cancelled == [0, 1, 2])
        expectIdle(pipeline)
    }

    @Test("A dropped stream cancels what is outstanding")
    func drop() throws {
        let runner = ScriptedRunner(slots: 3)
        let pipeline = SpeechPipeline(runner: runner)
        do { _ = try speak(5, with: pipeline) }
        #expect(runner.cancelled == [0, 1, 2])
        expectIdle(pipeline)
    }

    @Test("An error of a segment comes after the audio before it, ends the stream and cancels the rest")
    func failure() async throws {
        let runner = ScriptedRunner(slots: 3)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        let (early, late) = (SpeechError(.engineFailed, "Early."), SpeechError(.engineFailed, "Late."))
        runner.sink(2).fail(late)
        runner.sink(1).fail(early)
        runner.sink(0).play(7)
        #expect(try await stream.next()?.samples == [7, 7, 7, 7])
        await #expect(throws: early) { try await stream.next() }
        await #expect(throws: early) { try await stream.next() }
        #expect(runner.indices == [0, 1, 2])
        expectIdle(pipeline)
    }

    @Test("After a refusal nothing more of the utterance is submitted")
    func refusal() async throws {
        let refusal = SpeechError(.queueFull, "Full.", retryAfter: .seconds(3))
        let runner = ScriptedRunner(slots: 3, admits: false) { $1.fail(refusal) }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        await #expect(throws: refusal) { try await stream.next() }
        #expect(runner.indices == [0])
        expectIdle(pipeline)
    }

    @Test("Nothing follows the first segment before that is admitted, and all of the window then, though nobody reads")
    func admission() async throws {
        let runner = ScriptedRunner(slots: 3, admits: false)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        #expect(runner.indices == [0])
        #expect(pipeline.resources.lookahead.count == 0)
        runner.sink(0).admitted()
        #expect(runner.indices == [0, 1, 2])
        runner.sink(0).admitted()
        #expect(runner.indices == [0, 1, 2])
        stream.cancel()
        expectIdle(pipeline)
    }

    @Test("A refusal that comes later finds nothing else of the utterance submitted")
    func lateRefusal() async throws {
        let refusal = SpeechError(.overloaded, "Too much.", retryAfter: .seconds(3))
        let runner = ScriptedRunner(slots: 3, admits: false)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        let reader = Task { try await stream.next() }
        runner.sink(0).fail(refusal)
        await #expect(throws: refusal) { try await reader.value }
        #expect(runner.indices == [0])
        #expect(runner.endedUtterances.count == 1)
        expectIdle(pipeline)
    }

    @Test("What is admitted after its reader has left is followed by nothing")
    func admissionAfterCancel() throws {
        let runner = ScriptedRunner(slots: 3, admits: false)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(5, with: pipeline)
        stream.cancel()
        runner.sink(0).admitted()
        #expect(runner.indices == [0])
        #expect(runner.cancelled == [0])
        expectIdle(pipeline)
    }

    @Test("Segments are submitted in their order, whoever is reading when the first is admitted")
    func admissionDuringReading() async throws {
        for _ in 0..<200 {
            let runner = ScriptedRunner(slots: 2, admits: false) { segment, audio in
                if segment.index > 0 { audio.play(Int16(segment.index), count: 1) }
            }
            let pipeline = SpeechPipeline(runner: runner)
            let stream = try speak(6, with: pipeline)
            async let reading = samples(stream)
            async let admission: Void = runner.sink(0).admitted()
            runner.sink(0).play(0, count: 1)
            await admission
            #expect(try await reading == [0, 1, 2, 3, 4, 5])
            #expect(runner.indices == Array(0..<6))
            expectIdle(pipeline)
        }
    }

    @Test("The gap goes between segments that have audio, at their sample rate")
    func gap() async throws {
        let runner = ScriptedRunner(slots: 4)
        let configuration = PipelineConfiguration(segmentGap: .milliseconds(1))
        let pipeline = SpeechPipeline(runner: runner, configuration: configuration)
        let stream = try speak(4, with: pipeline)
        runner.sink(0).finish()
        runner.sink(1).play(1, count: 2, rate: 8_000, finish: false)
        runner.sink(1).play(2, count: 1, rate: 8_000)
        runner.sink(2).finish()
        runner.sink(3).play(3, count: 1, rate: 8_000)
        #expect(try await samples(stream) == [1, 1, 2] + [Int16](repeating: 0, count: 8) + [3])
        expectIdle(pipeline)
    }

    @Test("Another sample rate midway is the engine's failure")
    func sampleRate() async throws {
        let runner = ScriptedRunner(slots: 2)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        runner.sink(0).play(1, rate: 24_000)
        runner.sink(1).play(1, rate: 22_050)
        _ = try await stream.next()
        let error = await #expect(throws: SpeechError.self) { try await stream.next() }
        #expect(error?.code == .engineFailed)
        expectIdle(pipeline)
    }

    @Test("No audio at all is the engine's failure")
    func noAudio() async throws {
        let runner = ScriptedRunner(slots: 1) { $1.finish() }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        let error = await #expect(throws: SpeechError.self) { try await stream.next() }
        #expect(error == SpeechError(.engineFailed, "The engine made no audio for this text."))
        expectIdle(pipeline)
    }

    @Test("Where all segments have no audio and one of them nothing to say, it is the text's fault")
    func nothingToSay() async throws {
        let runner = ScriptedRunner(slots: 1) { segment, audio in
            if segment.index == 1 { audio.note("😀 cannot be spoken.") }
            audio.finish(nothingToSay: segment.index == 1)
        }
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        let error = try await #require(throws: SpeechError.self) { try await stream.next() }
        #expect(error.code == .invalidRequest)
        #expect(error.param == "input")
        #expect(error.message.hasPrefix("Nothing in this text can be spoken."))
        #expect(error.message.contains("😀 cannot be spoken."))
        expectIdle(pipeline)
    }

    @Test("A segment with nothing to say among others is left out")
    func partlyNothingToSay() async throws {
        let runner = ScriptedRunner(slots: 1) { segment, audio in
            if segment.index == 1 { audio.finish(nothingToSay: true) } else { audio.play(1, count: 1) }
        }
        let pipeline = SpeechPipeline(runner: runner)
        #expect(try await samples(speak(3, with: pipeline)) == [1, 1])
        expectIdle(pipeline)
    }

    @Test("Notes are those of what has been read, in the text's order, each once")
    func notes() async throws {
        let runner = ScriptedRunner(slots: 3)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(3, with: pipeline)
        runner.sink(2).note("last")
        runner.sink(2).play(3, count: 1)
        #expect(stream.notes.isEmpty)
        runner.sink(0).note("all")
        runner.sink(0).play(1, count: 1)
        _ = try await stream.next()
        #expect(stream.notes == ["all"])
        runner.sink(1).note("all")
        runner.sink(1).note("middle")
        runner.sink(1).play(2, count: 1)
        _ = try await stream.next()
        #expect(stream.notes == ["all", "middle"])
        #expect(try await samples(stream) == [3])
        #expect(stream.notes == ["all", "middle", "last"])
    }

    @Test("An utterance has a bounded number of notes")
    func manyNotes() async throws {
        let runner = ScriptedRunner(slots: 1) { segment, audio in
            for number in 0..<SegmentAudio.maxNotes { audio.note("\(segment.index).\(number)") }
            audio.play(1, count: 1)
        }
        let stream = try speak(10, with: SpeechPipeline(runner: runner))
        _ = try await samples(stream)
        #expect(stream.notes.count == UtteranceStream.maxNotes)
        #expect(stream.notes.last == "7.7")
    }

    @Test("The timing is that of the first segment")
    func timing() async throws {
        let runner = ScriptedRunner(slots: 2)
        let pipeline = SpeechPipeline(runner: runner)
        let stream = try speak(2, with: pipeline)
        runner.sink(1).start()
        #expect(stream.timing == SegmentTiming())
        runner.sink(0).start()
        runner.sink(0).play(1)
        runner.sink(1).play(1)
        while try await stream.next() != nil {}
        #expect(stream.timing == (runner.sink(0) as? SegmentAudio)?.timing)
        #expect(stream.timing.firstAudio != nil)
    }

    @Test("Readers who leave at any moment leave nothing behind")
    func leavingAtRandom() async throws {
        let runner = ScriptedRunner(slots: 3) { segment, audio in
            audio.play(1, count: 1, finish: false)
            audio.play(2, count: 1)
        }
        let pipeline = SpeechPipeline(runner: runner)
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            let reads = Int.random(in: 0...13, using: &random)
            let leaves = Bool.random(using: &random)
            let stream = try speak(6, with: pipeline)
            async let canceller: Void = { if leaves { stream.cancel() } }()
            for _ in 0..<reads { _ = try? await stream.next() }
            await canceller
        }
        expectIdle(pipeline)
    }
}
