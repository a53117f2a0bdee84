import Dispatch
import FoundationEssentials
import Glibc
import SpeechCore
import SpeechTestSupport
import Synchronization
import Testing

@testable import SpeechPipeline

/// Finished audio that is kept on disk.
@Suite(.timeLimit(.minutes(1))) struct DiskCacheTests {
    private let directory: TemporaryDirectory
    private let trouble = Trouble()

    init() throws { directory = try TemporaryDirectory() }

    /// What was said about the disk.
    private final class Trouble: Sendable {
        private let said = Mutex<[String]>([])
        var texts: [String] { said.withLock { $0 } }
        func say(_ text: String) { said.withLock { $0.append(text) } }
    }

    /// A new server's cache with nothing in memory.
    private func configuration(diskBytes: Int = 1 << 20) -> CacheConfiguration {
        CacheConfiguration(
            memoryBytes: 0,
            diskBytes: diskBytes,
            directory: "\(directory.path)/cache",
            onDiskTrouble: { [trouble] in trouble.say($0) }
        )
    }

    private func stage(diskBytes: Int = 1 << 20) -> SharingStage {
        SharingStage(cache: configuration(diskBytes: diskBytes)) { segment, sink in
            sink.start()
            sink.note("on \(segment.text)")
            sink.play(1, count: 10_000, finish: false)
            sink.play(2, count: 10_000)
        }
    }

    private func cache(
        diskBytes: Int = 1 << 20,
        thread: DispatchQueue = DispatchQueue(label: "test")
    ) -> DiskCache {
        DiskCache(configuration(diskBytes: diskBytes), metrics: CacheMetrics(), thread: thread)
    }

    private func key(_ text: String) -> SegmentKey { SegmentKey(.of(text), fingerprint: "1") }

    @Test("What was kept is there after a restart, sample for sample and with its notes")
    func restart() async throws {
        let made = try await stage().submit(.of()).rest()
        while directory.files.allSatisfy({ $0.hasSuffix(".partial") }) { await Task.yield() }
        let cache = cache()
        let stage = SharingStage(disk: cache)
        while !cache.mayHave(stage.key(.of())) { await Task.yield() }
        let again = stage.submit(.of())
        #expect(try await again.rest() == made)
        #expect(again.notes == ["on Hello."])
        #expect(again.timing.shared == .cached)
        #expect(stage.runner.segments.isEmpty)
        #expect(try directory.mode(directory.files[0]) == 0o600)
    }

    @Test("What is not there is made, also while the directory is looked through")
    func miss() async throws {
        let stage = stage()
        #expect(try await stage.submit(.of()).rest().count == 20_000)
        #expect(stage.runner.segments.count == 1)
    }

    /// A runner with a disk that has promised the audio of a segment, lost it, and answers when `thread` is resumed.
    private func lostStage(
        thread: DispatchQueue,
        answer: @escaping @Sendable (Segment, any SegmentSink) -> Void = { _, _ in }
    ) async throws -> (SharingStage, DiskCache) {
        let cache = cache(thread: thread)
        let stage = SharingStage(disk: cache, answer: answer)
        cache.write(.of(count: 3), for: stage.key(.of()))
        while !cache.mayHave(stage.key(.of())) { await Task.yield() }
        // Nothing of the housekeeping is left to be done.
        _ = await cache.audio(stage.key(.of()))
        thread.suspend()
        unlink("\(directory.path)/\(try #require(directory.files.first))")
        return (stage, cache)
    }

    @Test("Whoever leaves while the disk is read has nothing made")
    func leaves() async throws {
        let thread = DispatchQueue(label: "test")
        let (stage, cache) = try await lostStage(thread: thread)
        stage.submit(.of()).cancel()
        thread.resume()
        _ = await cache.audio(stage.key(.of()))
        #expect(stage.runner.segments.isEmpty)
    }

    @Test("When the first leaves while the disk is read, it is made in the name of one who is still there")
    func leaderLeaves() async throws {
        let thread = DispatchQueue(label: "test")
        let (stage, cache) = try await lostStage(thread: thread)
        let first = stage.submit(Segment.of().with { ($0.utterance, $0.laterWeight) = (1, 10) })
        let second = stage.submit(Segment.of().with { ($0.utterance, $0.laterWeight) = (2, 20) })
        first.cancel()
        thread.resume()
        _ = await cache.audio(stage.key(.of()))
        #expect(stage.runner.segments.map(\.utterance) == [2] && stage.runner.segments.map(\.laterWeight) == [20])
        stage.runner.sink(0).start()
        #expect(second.timing.shared == nil)
        stage.runner.sink(0).play(1)
        #expect(try await second.rest() == [1, 1, 1, 1])
        #expect(stage.runner.endedUtterances.isEmpty)
    }

    @Test("The end of an utterance is told after what is made for it, also if its reader leaves at that moment")
    func leavesLate() async throws {
        let thread = DispatchQueue(label: "test")
        let reader = SegmentAudio()
        let (stage, cache) = try await lostStage(thread: thread) { _, _ in reader.cancel() }
        reader.onCancel(stage.sharing.submit(Segment.of().with { $0.utterance = 7 }, to: reader))
        thread.resume()
        _ = await cache.audio(stage.key(.of()))
        #expect(stage.runner.segments.map(\.utterance) == [7])
        #expect(stage.runner.endedUtterances == [7] && stage.runner.cancelled == [0])
    }

    @Test("Who waits for the disk waits no longer than to his deadline")
    func deadline() async throws {
        let thread = DispatchQueue(label: "test")
        let (stage, cache) = try await lostStage(thread: thread)
        let readers = (0..<2).map { _ in stage.submit(Segment.of().with { $0.deadline = .now }) }
        for reader in readers {
            let error = await #expect(throws: SpeechError.self) { try await reader.next() }
            #expect(error?.code == .deadlineExceeded)
        }
        thread.resume()
        _ = await cache.audio(stage.key(.of()))
        #expect(stage.runner.segments.isEmpty)
    }

    @Test("A damaged file is removed, and what was in it is made again", arguments: Damage.allCases)
    func damaged(damage: Damage) async throws {
        let cache = cache()
        cache.write(.of(count: 3), for: key("Hello."))
        // Until it knows all that is there.
        while !cache.mayHave(key("Hello.")) { await Task.yield() }
        #expect(await cache.audio(key("Hello.")) == .of(count: 3))
        let file = try #require(directory.files.first)
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(directory.path)/\(file)")))
        damage.apply(to: &bytes)
        try Data(bytes).write(to: URL(filePath: "\(directory.path)/\(file)"))
        #expect(await cache.audio(key("Hello.")) == nil)
        #expect(directory.files.isEmpty)
        #expect(!cache.mayHave(key("Hello.")))
        #expect(trouble.texts.isEmpty)
    }

    /// What may befall a file.
    enum Damage: CaseIterable {
        case truncated, emptied, longer, bitInAudio, bitInHeader, otherVersion, otherMagic

        func apply(to bytes: inout [UInt8]) {
            switch self {
            case .truncated: bytes.removeLast()
            case .emptied: bytes = []
            case .longer: bytes += [0, 0]
            case .bitInAudio: bytes[bytes.count - 1] ^= 1
            case .bitInHeader: bytes[50] ^= 128
            case .otherVersion: bytes[CacheFile.magic.count] += 1
            case .otherMagic: bytes[0] ^= 1
            }
        }
    }

    @Test("A file is good for its own key only")
    func otherKey() throws {
        let bytes = try #require(CacheFile.bytes(of: .of(count: 3), for: key("One.")))
        #expect(CacheFile.audio(in: bytes, for: key("One.")) == .of(count: 3))
        #expect(CacheFile.audio(in: bytes, for: key("Two.")) == nil)
    }

    @Test("Audio comes back in pieces, and silence as itself")
    func pieces() throws {
        var silence = KeptAudio()
        silence.hadNothingToSay = true
        silence.note("nothing" + String(repeating: "é", count: 100_000))
        #expect(silence.notes[0].utf8.count <= SegmentAudio.maxNoteBytes)
        let long = KeptAudio.of(count: 30_000, value: -2)
        for audio in [silence, long] {
            let bytes = try #require(CacheFile.bytes(of: audio, for: key("One.")))
            let read = try #require(CacheFile.audio(in: bytes, for: key("One.")))
            #expect(read.notes == audio.notes && read.hadNothingToSay == audio.hadNothingToSay)
            #expect(read.chunks.flatMap(\.samples) == audio.chunks.flatMap(\.samples))
        }
        let read = CacheFile.audio(in: CacheFile.bytes(of: long, for: key("One.")) ?? [], for: key("One."))
        #expect(read?.chunks.map(\.samples.count) == [12_000, 12_000, 6_000])
    }

    @Test("There is never more than the limit; what was used longest ago goes first, also after a restart")
    func limit() async throws {
        // Each takes a block of 4096 bytes.
        let cache = cache(diskBytes: 3 * 4_096)
        for text in ["0", "1", "2"] { cache.write(.of(count: 100), for: key(text)) }
        _ = await cache.audio(key("0"))
        cache.write(.of(count: 100), for: key("3"))
        #expect(await cache.audio(key("1")) == nil)
        #expect(directory.files.count == 3)
        for (age, text) in ["3", "0", "2"].enumerated() {
            let file = CacheDirectory(path: "\(directory.path)/cache").file(of: key(text))
            let times = [timespec(tv_sec: 1_000 - age, tv_nsec: 0), timespec(tv_sec: 1_000 - age, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, file, times, 0) == 0)
        }
        let next = self.cache(diskBytes: 2 * 4_096)
        while directory.files.count > 2 { await Task.yield() }
        #expect(await next.audio(key("2")) == nil)
        #expect(await next.audio(key("0")) != nil)
        #expect(await next.audio(key("3")) != nil)
    }

    @Test("Older formats and what was never finished go; what is not ours stays")
    func strangers() async throws {
        let part = "v\(CacheFile.version)/ab"
        try directory.write("old", to: "cache/v0/ab/file")
        try directory.write("new", to: "cache/v99/ab/file")
        try directory.write("partial", to: "cache/\(part)/.1.partial")
        try directory.write("partial", to: "cache/\(part)/.2.partial")
        try directory.write("note", to: "cache/\(part)/README")
        let times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 1_000, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, "\(directory.path)/cache/\(part)/.1.partial", times, 0) == 0)
        let cache = cache()
        while directory.files.contains("cache/v0/ab/file") { await Task.yield() }
        #expect(directory.files == ["cache/\(part)/.2.partial", "cache/\(part)/README", "cache/v99/ab/file"])
        #expect(!cache.mayHave(key("Nothing.")))
    }

    @Test("Who reads waits for a step of the housekeeping at the most; older formats go last")
    func housekeeping() async throws {
        let writer = cache(diskBytes: 1 << 20)
        for number in 0..<200 { writer.write(.of(count: 1), for: key("\(number)")) }
        while !writer.mayHave(key("199")) { await Task.yield() }
        // The second one comes after all that the writer has to do with older formats.
        for _ in 0..<2 { #expect(await writer.audio(key("199")) != nil) }
        for number in 0..<200 { try directory.write("old", to: "cache/v0/ab/\(number)") }
        let directory = directory
        let thread = DispatchQueue(label: "test", attributes: .initiallyInactive)
        let cache = cache(diskBytes: 4_096, thread: thread)
        let there = key("199")
        let counts = Mutex<[Int]>([])
        #expect(!cache.mayHave(there), "before all has been looked at, nothing is worth reading")
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            @Sendable func readAgain() {
                cache.read(SegmentKey(.of("nothing"), fingerprint: "1")) { _ in
                    let files = directory.files
                    counts.withLock { $0.append(files.count) }
                    #expect(files.count { $0.contains("/v0/") } == min(200, files.count - 1))
                    if files.count == 1 { continuation.resume() } else { readAgain() }
                }
            }
            readAgain()
            thread.activate()
        }
        let seen = counts.withLock { $0 }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 - $1 <= DiskCache.filesPerStep })
        #expect(directory.files[0].hasPrefix("cache/v\(CacheFile.version)/"))
    }

    @Test("What has to go for something large goes a few at a time, unless it is there again by then")
    func manyForOne() async throws {
        let thread = DispatchQueue(label: "test")
        let cache = cache(diskBytes: 200 * 4_096, thread: thread)
        for number in 0..<200 { cache.write(.of(count: 1), for: key("\(number)")) }
        #expect(await cache.audio(key("199")) != nil)
        thread.suspend()
        cache.write(.of(count: 140 * 2_048), for: key("large"))
        // It was among the last that have to go, and is the newest when they do.
        cache.write(.of(count: 2), for: key("100"), replacing: true)
        thread.resume()
        #expect(await cache.audio(key("large")) != nil)
        while directory.files.count > 60 { await Task.yield() }
        #expect(await cache.audio(key("100")) == .of(count: 2))
    }

    @Test("What is made anew takes the place of what is there")
    func replaced() async throws {
        let cache = cache()
        let value = Mutex<Int16>(0)
        let stage = SharingStage(disk: cache) { _, sink in
            sink.start()
            sink.play(
                value.withLock {
                    $0 += 1; return $0
                },
                count: 1
            )
        }
        #expect(try await stage.submit(.of()).rest() == [1])
        while !cache.mayHave(stage.key(.of())) { await Task.yield() }
        #expect(try await stage.submit(.of()).rest() == [1])
        #expect(try await stage.submit(Segment.of().with { $0.caching.isReadingAllowed = false }).rest() == [2])
        let again = stage.submit(.of())
        #expect(try await again.rest() == [2])
        #expect(again.timing.shared == .cached)
    }

    @Test("When nothing more can be written, what is there is still read")
    func full() async throws {
        let cache = cache()
        let files = CacheDirectory(path: "\(directory.path)/cache")
        cache.write(.of(count: 3), for: key("One."))
        while !cache.mayHave(key("One.")) { await Task.yield() }
        func part(_ text: String) -> String { String(key(text).hex.prefix(2)) }
        try #require(part("One.") != part("Two.") && part("One.") != part("Three.") && part("Two.") != part("Three."))
        try directory.write("in the way", to: "cache/v\(CacheFile.version)/\(part("Two."))")
        cache.write(.of(count: 3), for: key("Two."))
        cache.write(.of(count: 3), for: key("Three."))
        #expect(await cache.audio(key("One.")) == .of(count: 3))
        #expect(cache.mayHave(key("One.")) && !cache.mayHave(key("Three.")))
        #expect(trouble.texts == ["Not a directory"])
        #expect(!FileManager.default.fileExists(atPath: files.file(of: key("Three."))))
    }

    @Test("A disk that takes nothing is said once and not written any more; everything goes on without it")
    func unwritable() async throws {
        try directory.write("a file where the directory should be", to: "cache")
        let stage = stage()
        for text in ["One.", "Two.", "Three."] { #expect(try await stage.submit(.of(text)).rest().count == 20_000) }
        while trouble.texts.isEmpty { await Task.yield() }
        #expect(try await stage.submit(.of("Four.")).rest().count == 20_000)
        #expect(trouble.texts == ["Not a directory"])
    }

    @Test("Two servers share a directory: either may remove what the other has kept")
    func twoServers() async throws {
        let caches = [cache(), cache()]
        for cache in caches { cache.write(.of(count: 5), for: key("Same.")) }
        for cache in caches { #expect(await cache.audio(key("Same.")) == .of(count: 5)) }
        #expect(directory.files.count == 1)
        unlink("\(directory.path)/\(directory.files[0])")
        for cache in caches { #expect(await cache.audio(key("Same.")) == nil) }
        #expect(trouble.texts.isEmpty)
    }
}

extension SharingStage {
    /// Under which a segment is kept.
    fileprivate func key(_ segment: Segment) -> SegmentKey { SegmentKey(segment, fingerprint: "1") }
}

extension DiskCache {
    /// What there is of a key.
    fileprivate func audio(_ key: SegmentKey) async -> KeptAudio? {
        await withCheckedContinuation { continuation in read(key) { continuation.resume(returning: $0) } }
    }
}
