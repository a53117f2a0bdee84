import SpeechCore
import SpeechPipeline
import Synchronization
import Testing

/// Segments that are made once for several readers at the same time.
@Suite(.timeLimit(.minutes(1))) struct SharingTests {
    @Test("The same segment twice at once is run once, and both hear all of it")
    func once() async throws {
        let stage = SharingStage()
        let readers = [stage.submit(.of()), stage.submit(.of())]
        #expect(stage.runner.segments.count == 1)
        stage.runner.sink(0).start()
        stage.runner.sink(0).note("remark")
        stage.runner.sink(0).play(1, finish: false)
        stage.runner.sink(0).play(2)
        for reader in readers {
            #expect(try await reader.rest() == [1, 1, 1, 1, 2, 2, 2, 2])
            #expect(reader.notes == ["remark"])
        }
        #expect(readers.map(\.timing.shared) == [nil, .joined])
    }

    @Test("Readers are admitted with the segment that they joined, and at once if that is, or if the audio is there")
    func admission() {
        let stage = SharingStage(admits: false)
        let admitted = Mutex<[Int]>([])
        var readers: [SegmentAudio] = []
        func submit() {
            let (audio, number) = (stage.submit(.of()), readers.count)
            audio.onAdmission { admitted.withLock { $0.append(number) } }
            readers.append(audio)
        }
        submit()
        submit()
        #expect(admitted.withLock { $0 } == [])
        stage.runner.sink(0).admitted()
        #expect(admitted.withLock { $0 } == [0, 1])
        submit()
        #expect(admitted.withLock { $0 } == [0, 1, 2])
        stage.runner.sink(0).start()
        submit()
        #expect(admitted.withLock { $0 } == [0, 1, 2, 3])
        stage.runner.sink(0).play(1)
        submit()
        #expect(admitted.withLock { $0 } == [0, 1, 2, 3, 4])
        #expect(stage.runner.segments.count == 1)
    }

    @Test("A text of the same words again and again is spoken once its first segment is admitted")
    func sameWords() async throws {
        var engine = SharingStage.engine()
        engine.slots = 3
        let runner = ScriptedRunner([engine], admits: false)
        let pipeline = SpeechPipeline(runner: runner)
        let text = Array(
            repeating: "This is a sentence that is so long that it is not joined with another one.",
            count: 4
        )
        let stream = try pipeline.speak(Utterance(id: "u", text: text.joined(separator: " ")))
        #expect(stream.segmentCount > 2)
        let count = runner.segments.count
        runner.sink(0).admitted()
        runner.sink(0).start()
        for number in 0..<count { runner.sink(number).play(1, count: 1) }
        var heard = 0
        while let chunk = try await stream.next() { heard += chunk.samples.count }
        #expect(heard == stream.segmentCount)
    }

    @Test("Who joins late hears it from the beginning")
    func late() async throws {
        let stage = SharingStage()
        let early = stage.submit(.of())
        stage.runner.sink(0).start()
        stage.runner.sink(0).note("remark")
        stage.runner.sink(0).play(1, finish: false)
        #expect(try await early.next()?.samples == [1, 1, 1, 1])
        let late = stage.submit(.of())
        #expect(late.unreadBytes == 8)
        stage.runner.sink(0).play(2)
        #expect(try await late.rest() == [1, 1, 1, 1, 2, 2, 2, 2])
        #expect(late.notes == ["remark"])
        #expect(late.timing.shared == .joined)
    }

    @Test("Text, voice, options and engine make a difference; who asks does not")
    func differences() {
        let stage = SharingStage()
        let others = [
            Segment.of("Other."), Segment.of().with { $0.voice = "anna" },
            Segment.of().with { $0.context = ["speed": .integer(2)] },
        ]
        _ = ([.of()] + others).map { stage.submit($0) }
        #expect(stage.runner.segments.count == 4)
        for number in 0..<4 { stage.runner.sink(number).start() }
        let asked = stage.submit(
            Segment.of("Hello.", 5).with {
                $0.tenant = "another"
                $0.utteranceID = "another"
                $0.priority = .interactive
            }
        )
        #expect(stage.runner.segments.count == 4)
        #expect(asked.timing.shared == .joined)
        stage.runner.engines = [SharingStage.engine(fingerprint: "2")]
        _ = stage.submit(.of())
        #expect(stage.runner.segments.count == 5)
    }

    @Test("Only what sounds the same each time is shared")
    func determinism() {
        let stage = SharingStage(deterministic: false)
        let seeds: [JSONValue?] = [nil, .integer(1), .integer(-1), .string("1")]
        for (number, seed) in seeds.enumerated() {
            let segment = Segment.of("Text \(number).").with { $0.context["seed"] = seed }
            _ = (stage.submit(segment), stage.submit(segment))
        }
        #expect(stage.runner.segments.map(\.text).map { $0.dropFirst(5).first } == ["0", "0", "1", "2", "2", "3", "3"])
    }

    @Test("When the first reader leaves, the others go on; with the last, nothing more is made")
    func leaving() async throws {
        let stage = SharingStage()
        let readers = [stage.submit(.of("Hello.", 7)), stage.submit(.of("Hello.", 7))]
        stage.runner.sink(0).play(1, count: 1, finish: false)
        readers[0].cancel()
        #expect(stage.runner.cancelled.isEmpty)
        stage.runner.sink(0).play(2, count: 1, finish: false)
        #expect(try await readers[1].next()?.samples == [1])
        readers[1].cancel()
        readers[1].cancel()
        #expect(stage.runner.cancelled == [7])
        stage.runner.sink(0).fail(.cancelled)
        let next = stage.submit(.of("Hello.", 7))
        #expect(stage.runner.segments.count == 2)
        stage.runner.sink(1).play(3, count: 1)
        #expect(try await next.rest() == [3])
    }

    @Test("Who leaves while it is being submitted cancels it as well")
    func leavesAtOnce() {
        let reader = SegmentAudio()
        let stage = SharingStage { _, _ in reader.cancel() }
        reader.onCancel(stage.sharing.submit(.of("Hello.", 4), to: reader))
        #expect(stage.runner.cancelled == [4])
    }

    @Test("A reader that reads nothing holds nobody up, and no more is kept than a segment may have")
    func slow() async throws {
        let stage = SharingStage()
        let slow = stage.submit(.of())
        let quick = stage.submit(.of())
        let half = PCM(samples: [Int16](repeating: 1, count: SegmentAudio.limitBytes / 4), sampleRate: 24_000)
        for _ in 0..<2 {
            #expect(stage.runner.sink(0).append(half) == .taken)
            #expect(try await quick.next() == half)
        }
        #expect(slow.unreadBytes == SegmentAudio.limitBytes)
        #expect(stage.runner.sink(0).append(PCM(samples: [1], sampleRate: 24_000)) == .tooMuch)
        let error = SpeechError(.engineFailed, "Too much.")
        stage.runner.sink(0).fail(error)
        await #expect(throws: error) { try await quick.next() }
        #expect(try await slow.next() == half)
    }

    @Test("It is made again only while nobody has had any of it")
    func restart() async throws {
        let stage = SharingStage()
        let first = stage.submit(.of())
        stage.runner.sink(0).play(1, finish: false)
        let second = stage.submit(.of())
        #expect(stage.runner.sink(0).restart(isRepeatable: false))
        #expect(first.unreadBytes == 0 && second.unreadBytes == 0)
        stage.runner.sink(0).start()
        stage.runner.sink(0).play(2, finish: false)
        #expect(try await second.next()?.samples == [2, 2, 2, 2])
        #expect(!stage.runner.sink(0).restart(isRepeatable: false))
    }

    @Test("When one of them has had some of it, the others keep what they have, too")
    func restartForNone() async throws {
        let stage = SharingStage()
        let (first, second) = (stage.submit(.of()), stage.submit(.of()))
        stage.runner.sink(0).start()
        stage.runner.sink(0).note("remark")
        stage.runner.sink(0).play(1, finish: false)
        #expect(try await second.next()?.samples == [1, 1, 1, 1])
        #expect(!stage.runner.sink(0).restart(isRepeatable: false))
        stage.runner.sink(0).play(2)
        #expect(try await first.rest() == [1, 1, 1, 1, 2, 2, 2, 2])
        #expect(first.notes == ["remark"])
        #expect(try await second.rest() == [2, 2, 2, 2])
    }

    @Test("A reader that takes its first piece while it is made again hears one of both, whole, and so do all")
    func restartWhileRead() async throws {
        for _ in 0..<300 {
            let stage = SharingStage()
            let readers = [stage.submit(.of()), stage.submit(.of()), stage.submit(.of())]
            let sink = stage.runner.sink(0)
            sink.start()
            sink.play(1, finish: false)
            let heard = await withTaskGroup(of: [Int16].self) { group in
                for reader in readers { group.addTask { (try? await reader.rest()) ?? [] } }
                group.addTask {
                    let value: Int16 = sink.restart(isRepeatable: false) ? 2 : 1
                    if value == 2 { sink.play(value, finish: false) }
                    sink.play(value)
                    return [value]
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let value = heard.first { $0.count == 1 }?[0] ?? 0
            #expect(heard.filter { $0.count > 1 } == Array(repeating: Array(repeating: value, count: 8), count: 3))
        }
    }

    @Test("What befalls the first one's place in the queue is not told to those who joined: they take their own")
    func refusal() async throws {
        let stage = SharingStage()
        let readers = (0..<3).map { _ in stage.submit(.of()) }
        let refusal = SpeechError(.queueFull, "The queue is full.")
        stage.runner.sink(0).fail(refusal)
        await #expect(throws: refusal) { try await readers[0].next() }
        #expect(stage.runner.segments.count == 2, "the second leads, the third joins it")
        stage.runner.sink(1).start()
        stage.runner.sink(1).play(5, count: 1)
        #expect(try await readers[1].rest() == [5])
        #expect(try await readers[2].rest() == [5])
        #expect(readers[1].timing.shared == nil && readers[2].timing.shared == .joined)
    }

    @Test("An error of the engine is everybody's, and is not kept")
    func failure() async throws {
        let stage = SharingStage()
        let readers = [stage.submit(.of()), stage.submit(.of())]
        let failure = SpeechError(.engineFailed, "It broke.")
        stage.runner.sink(0).play(1, count: 1, finish: false)
        stage.runner.sink(0).fail(failure)
        for reader in readers {
            #expect(try await reader.next()?.samples == [1])
            await #expect(throws: failure) { try await reader.next() }
        }
        _ = stage.submit(.of())
        #expect(stage.runner.segments.count == 2)
    }

    @Test(
        "Who is not the same to the queue has a place of his own, until one of them is taken",
        arguments: [
            Segment.of().with { $0.tenant = "another" }, Segment.of().with { $0.priority = .interactive },
            Segment.of().with { $0.playback = .asap }, Segment.of("Hello.", 1),
            Segment.of().with { $0.deadline = .now + .seconds(3_600) },
        ]
    )
    func ownPlace(other: Segment) async throws {
        let stage = SharingStage()
        let readers = [stage.submit(.of("Hello.", 9).with { $0.index = 0 }), stage.submit(other)]
        #expect(stage.runner.segments.count == 2)
        // Only what has no deadline can speak for one that has none.
        let taken = other.deadline == nil ? 1 : 0
        stage.runner.sink(taken).start()
        #expect(stage.runner.cancelled == [taken == 0 ? other.index : 0])
        stage.runner.sink(1 - taken).fail(.cancelled)
        stage.runner.sink(taken).play(1, count: 1)
        for reader in readers { #expect(try await reader.rest() == [1]) }
        #expect(readers[taken].timing.shared == nil && readers[1 - taken].timing.shared == .joined)
    }

    @Test("Nobody depends on one whose deadline comes before his own")
    func deadlines() {
        let stage = SharingStage()
        let soon = ContinuousClock.now + .seconds(3_600)
        let bounded = stage.submit(Segment.of().with { $0.deadline = soon })
        let free = stage.submit(.of())
        stage.runner.sink(0).start()
        let later = stage.submit(Segment.of().with { $0.deadline = soon + .seconds(1) })
        let sooner = stage.submit(Segment.of().with { $0.deadline = soon - .milliseconds(1) })
        #expect(stage.runner.segments.count == 3)
        #expect(stage.runner.cancelled.isEmpty)
        let shared = [bounded, free, later, sooner].map(\.timing.shared)
        #expect(shared == [nil, nil, nil, .joined])
    }

    @Test("Who joins what ends later, or never, still ends at his own deadline; the others go on")
    func ownDeadline() async throws {
        let stage = SharingStage()
        let free = stage.submit(.of())
        stage.runner.sink(0).start()
        let bounded = stage.submit(Segment.of().with { $0.deadline = .now })
        #expect(bounded.timing.shared == .joined)
        let error = await #expect(throws: SpeechError.self) { try await bounded.next() }
        #expect(error?.code == .deadlineExceeded)
        stage.runner.sink(0).play(1)
        #expect(try await free.rest().count == 4)
        #expect(stage.runner.segments.count == 1 && stage.runner.cancelled.isEmpty)
    }

    @Test("Who is given to another that was taken first still ends at his own deadline")
    func ownDeadlineAfterMerge() async throws {
        let stage = SharingStage()
        let bounded = stage.submit(Segment.of("Hello.", 1).with { $0.deadline = .now })
        let free = stage.submit(.of())
        stage.runner.sink(1).start()
        let error = await #expect(throws: SpeechError.self) { try await bounded.next() }
        #expect(error?.code == .deadlineExceeded)
        #expect(stage.runner.cancelled == [1])
        stage.runner.sink(1).play(1)
        #expect(try await free.rest().count == 4)
    }

    @Test("Who waits for no-cache cannot be given to another; nobody joins him before he is taken")
    func freshQueue() {
        let stage = SharingStage()
        let fresh = stage.submit(Segment.of().with { $0.caching.isReadingAllowed = false })
        let reader = stage.submit(Segment.of())
        #expect(stage.runner.segments.count == 2)
        stage.runner.sink(0).start()
        #expect(fresh.timing.shared == nil && reader.timing.shared == .joined)
        #expect(stage.submit(.of("Hello.", 1)).timing.shared == .joined)
    }

    @Test("no-cache is always made anew, and shared with who comes after; no-store is only heard by its own reader")
    func directives() async throws {
        let stage = SharingStage()
        let fresh = Segment.of().with { $0.caching.isReadingAllowed = false }
        let quiet = Segment.of("Quiet.").with { $0.caching.isStoringAllowed = false }
        _ = (stage.submit(.of()), stage.submit(fresh), stage.submit(fresh))
        #expect(stage.runner.segments.count == 3)
        stage.runner.sink(0).start()
        #expect(stage.runner.cancelled.isEmpty)
        _ = (stage.submit(quiet), stage.submit(quiet), stage.submit(.of("Quiet.")))
        #expect(stage.runner.segments.count == 6)
        #expect(stage.submit(.of()).timing.shared == .joined)
        stage.runner.sink(3).play(1)
        #expect(stage.submit(.of("Quiet.")).timing.shared == nil)
    }

    @Test("Many readers and one producer at once: each hears all or leaves, and nothing is left")
    func concurrent() async throws {
        let stage = SharingStage { _, sink in
            Task {
                sink.start()
                for value in 0..<20 {
                    _ = sink.append(PCM(samples: [Int16(value)], sampleRate: 24_000))
                    await Task.yield()
                }
                sink.finish()
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let audio = stage.submit(
                        Segment.of("Text \(number % 3).").with { $0.tenant = "tenant \(number % 2)" }
                    )
                    if number.isMultiple(of: 5) {
                        audio.cancel()
                    } else {
                        let heard = try await audio.rest()
                        #expect(heard == Array(0..<20))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
