import SpeechCore
import Synchronization
import Testing

@Suite struct SegmentAudioTests {
    private let first = PCM(samples: [1, 2, 3], sampleRate: 24_000)
    private let second = PCM(samples: [4], sampleRate: 24_000)

    @Test("Pieces come out in order, then the end, again and again")
    func order() async throws {
        let audio = SegmentAudio()
        #expect(audio.append(first) == .taken)
        #expect(audio.append(second) == .taken)
        audio.finish()
        #expect(try await audio.next() == first)
        #expect(try await audio.next() == second)
        #expect(try await audio.next() == nil)
        #expect(try await audio.next() == nil)
    }

    @Test("A reader that came first is woken by the first piece")
    func waiting() async throws {
        let audio = SegmentAudio()
        async let piece = audio.next()
        #expect(audio.append(first) == .taken)
        #expect(try await piece == first)
    }

    @Test("What had arrived before a failure can still be read")
    func failure() async throws {
        let audio = SegmentAudio()
        #expect(audio.append(first) == .taken)
        audio.fail(SpeechError(.engineFailed, "broken"))
        #expect(try await audio.next() == first)
        await #expect(throws: SpeechError(.engineFailed, "broken")) { try await audio.next() }
    }

    @Test("Giving up tells the producer once, drops what is unread and wakes the reader")
    func cancel() async {
        let told = Atomic(0)
        let audio = SegmentAudio()
        audio.onCancel { told.add(1, ordering: .relaxed) }
        #expect(audio.append(first) == .taken)
        audio.cancel()
        audio.cancel()
        #expect(told.load(ordering: .relaxed) == 1)
        #expect(audio.unreadBytes == 0)
        #expect(audio.append(second) == .taken, "a piece that comes too late is ignored")
        await #expect(throws: SpeechError.cancelled) { try await audio.next() }
    }

    @Test("A reader whose task is cancelled gives up, whether it waits already or not")
    func cancelledTask() async {
        let told = Atomic(0)
        let audio = SegmentAudio()
        audio.onCancel { told.add(1, ordering: .relaxed) }
        let reader = Task { try await audio.next() }
        reader.cancel()
        await #expect(throws: SpeechError.cancelled) { try await reader.value }
        #expect(told.load(ordering: .relaxed) == 1)
    }

    @Test("Nobody is told of a cancel after the end")
    func cancelAfterEnd() async {
        let told = Atomic(0)
        let audio = SegmentAudio()
        audio.onCancel { told.add(1, ordering: .relaxed) }
        audio.finish()
        audio.cancel()
        #expect(told.load(ordering: .relaxed) == 0)
    }

    @Test("A piece that does not fit is refused, one that goes straight to a reader always fits")
    func limit() async throws {
        let audio = SegmentAudio(limitBytes: 7)
        #expect(audio.append(first) == .taken)
        #expect(audio.append(second) == .tooMuch)
        #expect(audio.unreadBytes == 6)
        #expect(try await audio.next() == first)
        #expect(audio.append(second) == .taken)
    }

    @Test("A segment can be made again while nothing of it was read, and not after")
    func restart() async throws {
        let audio = SegmentAudio()
        audio.start()
        #expect(audio.append(first) == .taken)
        #expect(audio.restart(isRepeatable: false))
        #expect(audio.unreadBytes == 0)
        #expect(audio.timing == SegmentTiming())
        #expect(audio.append(second) == .taken)
        #expect(try await audio.next() == second)
        #expect(!audio.restart(isRepeatable: false))
        let ended = SegmentAudio()
        ended.finish()
        #expect(!ended.restart(isRepeatable: false))
    }

    @Test("Notes are there with the first piece, bounded in number and size, and none come after the end")
    func notes() async throws {
        let audio = SegmentAudio()
        #expect(audio.notes.isEmpty)
        audio.note("😀 cannot be spoken.")
        // Four bytes each: the limit falls between two of them, and for "é😀…" into one.
        audio.note(String(repeating: "😀", count: 300))
        audio.note("é" + String(repeating: "😀", count: 300))
        #expect(audio.append(first) == .taken)
        #expect(try await audio.next() == first)
        let cut = [String(repeating: "😀", count: 256), "é" + String(repeating: "😀", count: 255)]
        #expect(audio.notes == ["😀 cannot be spoken."] + cut)
        for number in 0..<SegmentAudio.maxNotes { audio.note("\(number)") }
        #expect(audio.notes.count == SegmentAudio.maxNotes)
        #expect(audio.notes.last == "4")
        let ended = SegmentAudio()
        ended.finish()
        ended.note("late")
        #expect(ended.notes.isEmpty)
    }

    @Test("A segment that is made again has its notes made again")
    func notesAfterRestart() {
        let audio = SegmentAudio()
        audio.note("before")
        #expect(audio.restart(isRepeatable: false))
        audio.note("after")
        #expect(audio.notes == ["after"])
    }

    @Test("A segment with nothing to say ends normally, and says so")
    func nothingToSay() async throws {
        let audio = SegmentAudio()
        audio.finish(nothingToSay: true)
        #expect(try await audio.next() == nil)
        #expect(audio.hadNothingToSay)
        let other = SegmentAudio()
        other.finish()
        other.finish(nothingToSay: true)
        #expect(!other.hadNothingToSay)
    }

    @Test("Time is told apart into waiting and working")
    func timing() async throws {
        let audio = SegmentAudio()
        #expect(audio.timing == SegmentTiming())
        audio.start()
        #expect(audio.timing.queued != nil)
        #expect(audio.timing.firstAudio == nil)
        #expect(audio.append(first) == .taken)
        #expect(audio.timing.firstAudio != nil)
    }

    @Test("what is made again is heard from where the reader was, however it is cut")
    func resumes() async throws {
        let audio = SegmentAudio()
        audio.start()
        #expect(audio.append(PCM(samples: [1, 2, 3], sampleRate: 24_000)) == .taken)
        #expect(audio.append(PCM(samples: [4, 5], sampleRate: 24_000)) == .taken)
        #expect(try await audio.next()?.samples == [1, 2, 3])
        #expect(!audio.restart(isRepeatable: false))
        #expect(audio.restart(isRepeatable: true))
        audio.start()
        #expect(audio.append(PCM(samples: [1, 2], sampleRate: 24_000)) == .taken)
        #expect(audio.append(PCM(samples: [3, 4, 5, 6], sampleRate: 24_000)) == .taken)
        audio.finish()
        #expect(try await audio.next()?.samples == [4, 5, 6])
        #expect(try await audio.next() == nil)
    }

    @Test("what is different when it is made again is told, and never heard")
    func differs() async throws {
        let audio = SegmentAudio()
        #expect(audio.append(PCM(samples: [1, 2, 3], sampleRate: 24_000)) == .taken)
        #expect(try await audio.next()?.samples == [1, 2, 3])
        #expect(audio.restart(isRepeatable: true))
        #expect(audio.append(PCM(samples: [1, 9, 3, 4], sampleRate: 24_000)) == .different)
        audio.fail(.different)
        await #expect(throws: SpeechError.different) { try await audio.next() }
    }

    @Test("less than was heard is different, too")
    func endsSooner() async throws {
        let audio = SegmentAudio()
        #expect(audio.append(PCM(samples: [1, 2, 3], sampleRate: 24_000)) == .taken)
        #expect(try await audio.next()?.samples == [1, 2, 3])
        #expect(audio.restart(isRepeatable: true))
        #expect(audio.append(PCM(samples: [1, 2], sampleRate: 24_000)) == .taken)
        audio.finish()
        await #expect(throws: SpeechError.different) { try await audio.next() }
    }
}
