import Dispatch
import SpeechCore
import Synchronization

/// Audio that is kept on disk, for this server's next start and for others that have the same directory.
///
/// All that waits for the disk is on a thread of its own.
final class DiskCache: Sendable {
    /// What may wait to be written, in bytes of memory. More is not kept: the disk is too slow.
    private static let maxWaitingBytes = 32 << 20

    private struct State {
        /// What is there, as far as we know; another server may have removed it.
        var index: RecentlyUsed<SegmentKey, Void>
        /// What was there at the start, until all of it has been seen.
        var found: [CacheDirectory.Entry]? = []
        var waitingBytes = 0
        var isOff = false
    }

    private let directory: CacheDirectory
    private let onTrouble: @Sendable (String) -> Void
    private let metrics: CacheMetrics
    private let state: Mutex<State>
    private let thread = DispatchQueue(label: "chorus.cache", qos: .utility)

    /// Begins to look at what is there.
    init(_ configuration: CacheConfiguration, metrics: CacheMetrics) {
        directory = CacheDirectory(path: configuration.directory)
        onTrouble = configuration.onDiskTrouble
        self.metrics = metrics
        state = Mutex(State(index: RecentlyUsed(limitBytes: configuration.diskBytes)))
        thread.async { [self] in
            directory.removeOlderFormats()
            scan(part: CacheDirectory.parts.lowerBound)
        }
    }

    /// Whether it is worth reading. Knows without the disk.
    func mayHave(_ key: SegmentKey) -> Bool {
        state.withLock { !$0.isOff && ($0.found != nil || $0.index.contains(key)) }
    }

    /// Reads the audio of a key.
    /// - Parameter done: given it, or `nil` if there is none; called on the disk's thread.
    func read(_ key: SegmentKey, done: @escaping @Sendable (KeptAudio?) -> Void) {
        thread.async { [self] in
            guard let bytes = directory.read(key), let audio = CacheFile.audio(in: bytes, for: key) else {
                // What is damaged is of no use to anybody.
                forget(key)
                return done(nil)
            }
            keep(key, byteCount: CacheDirectory.byteCount(ofFileWith: bytes.count))
            done(audio)
        }
    }

    /// Writes the audio of a key, when the disk has time.
    func write(_ audio: KeptAudio, for key: SegmentKey) {
        let isAccepted = state.withLock { state in
            guard !state.isOff, !state.index.contains(key), audio.byteCount <= state.index.limitBytes,
                state.waitingBytes + audio.byteCount <= Self.maxWaitingBytes
            else { return false }
            state.waitingBytes += audio.byteCount
            return true
        }
        guard isAccepted else { return }
        thread.async { [self] in
            let isOff = state.withLock { state in
                state.waitingBytes -= audio.byteCount
                return state.isOff
            }
            guard !isOff, let bytes = CacheFile.bytes(of: audio, for: key) else { return }
            if let reason = directory.write(bytes, for: key) {
                state.withLock { $0.isOff = true }
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
        for key in gone { directory.remove(key) }
        metrics.holds(total, in: .disk)
    }

    private func forget(_ key: SegmentKey) {
        directory.remove(key)
        state.withLock { $0.index.remove(key) }
    }

    /// Looks at one part of the directory, then lets those go first who wait already.
    private func scan(part: Int) {
        guard CacheDirectory.parts.contains(part) else { return scanned() }
        let entries = directory.entries(part: part)
        state.withLock { $0.found? += entries }
        thread.async { [self] in scan(part: part + 1) }
    }

    /// All has been seen: what was used last stays, as far as it fits.
    private func scanned() {
        let found = state.withLock { $0.found ?? [] }.sorted { $0.used > $1.used }
        let (gone, total) = state.withLock { state in
            state.found = nil
            let gone = found.filter { !state.index.insertOldest((), for: $0.key, byteCount: $0.byteCount) }
            return (gone, state.index.byteCount)
        }
        for entry in gone { directory.remove(entry.key) }
        metrics.holds(total, in: .disk)
    }
}
