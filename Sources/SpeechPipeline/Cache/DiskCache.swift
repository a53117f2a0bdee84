import Dispatch
import SpeechCore
import Synchronization

/// Audio that is kept on disk, for this server's next start and for others that have the same directory.
///
/// All that waits for the disk is on a thread of its own. Its housekeeping is done in small steps, so that who reads
/// goes in between.
final class DiskCache: Sendable {
    /// What may wait to be written, in bytes of memory. More is not kept: the disk is too slow.
    private static let maxWaitingBytes = 32 << 20
    /// Files that a step of the housekeeping removes at the most.
    static let filesPerStep = 64

    private struct State {
        /// What is there, as far as we know; another server may have removed it.
        var index: RecentlyUsed<SegmentKey, Void>
        /// What was there at the start, part by part, until all of it has been seen.
        var found: [[CacheDirectory.Entry]] = []
        /// Whether all that was there at the start is in the index.
        var isComplete = false
        var waitingBytes = 0
        /// Whether nothing more is written. What is there is still read.
        var isReadOnly = false
    }

    private let directory: CacheDirectory
    private let onTrouble: @Sendable (String) -> Void
    private let metrics: CacheMetrics
    private let state: Mutex<State>
    private let thread: DispatchQueue

    /// Begins to look at what is there.
    /// - Parameter thread: where all that waits for the disk is done, one after the other.
    init(
        _ configuration: CacheConfiguration,
        metrics: CacheMetrics,
        thread: DispatchQueue = DispatchQueue(label: "chorus.cache", qos: .utility)
    ) {
        directory = CacheDirectory(path: configuration.directory)
        onTrouble = configuration.onDiskTrouble
        self.metrics = metrics
        self.thread = thread
        state = Mutex(State(index: RecentlyUsed(limitBytes: configuration.diskBytes)))
        thread.async { [self] in scan(part: CacheDirectory.parts.lowerBound) }
    }

    /// Whether it is worth reading. Knows without the disk; until all has been looked at, nothing is.
    func mayHave(_ key: SegmentKey) -> Bool {
        state.withLock { $0.isComplete && $0.index.contains(key) }
    }

    /// Reads the audio of a key.
    /// - Parameter done: given it, or `nil` if there is none; called on the disk's thread.
    func read(_ key: SegmentKey, done: @escaping @Sendable (KeptAudio?) -> Void) {
        thread.async { [self] in
            guard let bytes = directory.read(key) else {
                state.withLock { $0.index.remove(key) }
                return done(nil)
            }
            guard let audio = CacheFile.audio(in: bytes, for: key) else {
                // What is damaged is of no use to anybody.
                state.withLock { $0.index.remove(key) }
                directory.remove(key)
                return done(nil)
            }
            keep(key, byteCount: CacheDirectory.byteCount(ofFileWith: bytes.count))
            done(audio)
        }
    }

    /// Writes the audio of a key, when the disk has time.
    /// - Parameter replacing: whether it takes the place of what is there.
    func write(_ audio: KeptAudio, for key: SegmentKey, replacing: Bool = false) {
        let isAccepted = state.withLock { state in
            guard !state.isReadOnly, replacing || !state.index.contains(key), audio.byteCount <= state.index.limitBytes,
                state.waitingBytes + audio.byteCount <= Self.maxWaitingBytes
            else { return false }
            state.waitingBytes += audio.byteCount
            return true
        }
        guard isAccepted else { return }
        thread.async { [self] in
            let isReadOnly = state.withLock { state in
                state.waitingBytes -= audio.byteCount
                return state.isReadOnly
            }
            guard !isReadOnly, let bytes = CacheFile.bytes(of: audio, for: key) else { return }
            if let reason = directory.write(bytes, for: key) {
                state.withLock { $0.isReadOnly = true }
                onTrouble(reason)
            } else {
                keep(key, byteCount: CacheDirectory.byteCount(ofFileWith: bytes.count))
            }
        }
    }

    // MARK: On the disk's thread

    /// Notes that there is a file, which was used just now, and removes what is too much.
    private func keep(_ key: SegmentKey, byteCount: Int) {
        let (gone, total) = state.withLock { ($0.index.insert((), for: key, byteCount: byteCount), $0.index.byteCount) }
        remove(gone[...])
        metrics.holds(total, in: .disk)
    }

    /// Removes files, a few at a time.
    private func remove(_ keys: ArraySlice<SegmentKey>) {
        for key in keys.prefix(Self.filesPerStep) {
            // It may have been written again meanwhile.
            if state.withLock({ !$0.index.contains(key) }) { directory.remove(key) }
        }
        let rest = keys.dropFirst(Self.filesPerStep)
        if !rest.isEmpty { thread.async { [self] in remove(rest) } }
    }

    /// Looks at one part of the directory, then at the next.
    private func scan(part: Int) {
        guard CacheDirectory.parts.contains(part) else {
            let found = state.withLock { state in
                defer { state.found = [] }
                return state.found
            }
            return adopt(found.joined().sorted { $0.used > $1.used }[...])
        }
        let entries = directory.entries(part: part)
        state.withLock { $0.found.append(entries) }
        thread.async { [self] in scan(part: part + 1) }
    }

    /// Takes what was found into the index, a few at a time: what was used last stays, as far as it fits.
    private func adopt(_ found: ArraySlice<CacheDirectory.Entry>) {
        let rest = found.dropFirst(Self.filesPerStep)
        let (gone, total) = state.withLock { state in
            let gone = found.prefix(Self.filesPerStep)
                .filter { !state.index.insertOldest((), for: $0.key, byteCount: $0.byteCount) }
            state.isComplete = rest.isEmpty
            return (gone, state.index.byteCount)
        }
        for entry in gone { directory.remove(entry.key) }
        guard rest.isEmpty else { return thread.async { [self] in adopt(rest) } }
        metrics.holds(total, in: .disk)
        thread.async { [self] in removeOlderFormats() }
    }

    /// Makes room that servers of older versions have taken.
    private func removeOlderFormats() {
        if directory.removeOlderFormats(atMost: Self.filesPerStep) { thread.async { [self] in removeOlderFormats() } }
    }
}
