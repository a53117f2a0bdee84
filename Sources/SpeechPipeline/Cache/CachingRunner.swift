package import SpeechCore
import Synchronization

/// Runs segments, but each only once: those who want the same audio share it while it is made, and what is finished is
/// kept for who comes later.
///
/// Only what sounds the same each time is shared: what a deterministic engine speaks, and what is spoken with a seed.
/// Everything else passes by.
package final class CachingRunner: SegmentRunner {
    /// Audio that costs more than this part of the memory is not kept there.
    private static let largestPart = 8

    private struct State {
        /// What is being made, or waits to be. Of one key there are several while the queue treats them differently.
        var making: [SegmentKey: [SharedSegment]] = [:]
        var kept: RecentlyUsed<SegmentKey, KeptAudio>
    }

    /// Where the audio for a reader comes from.
    private enum Source {
        case kept(KeptAudio)
        case joined(SharedSegment)
        case made(SharedSegment)
        /// Made for this reader only.
        case alone
    }

    private let runner: any SegmentRunner
    private let disk: DiskCache?
    private let metrics: CacheMetrics
    private let state: Mutex<State>

    /// - Parameter runner: what makes audio.
    package convenience init(_ runner: any SegmentRunner, configuration: CacheConfiguration) {
        let metrics = CacheMetrics()
        let disk = configuration.diskBytes > 0 ? DiskCache(configuration, metrics: metrics) : nil
        self.init(runner, memoryBytes: configuration.memoryBytes, disk: disk, metrics: metrics)
    }

    /// - Parameters:
    ///   - runner: what makes audio.
    ///   - memoryBytes: bytes of finished audio in memory.
    ///   - disk: what is kept for longer.
    init(_ runner: any SegmentRunner, memoryBytes: Int, disk: DiskCache?, metrics: CacheMetrics) {
        self.runner = runner
        self.disk = disk
        self.metrics = metrics
        state = Mutex(State(kept: RecentlyUsed(limitBytes: memoryBytes)))
    }

    /// Those of the runner.
    package var engines: [EngineStatus] { runner.engines }

    /// Has the runner do it: what comes of it is not audio.
    package func makeVoice(
        _ recipe: VoiceRecipe,
        engine: String,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> [String: JSONValue] {
        try await runner.makeVoice(recipe, engine: engine, tenant: tenant, priority: priority)
    }

    /// See `SegmentRunner`.
    package func utteranceEnded(_ utterance: UInt64) { runner.utteranceEnded(utterance) }

    package func submit(_ segment: Segment, to sink: any SegmentSink) -> @Sendable () -> Void {
        guard let key = key(of: segment) else { return runner.submit(segment, to: sink) }
        let reader = SegmentReader(segment, sink)
        place(reader, key)
        return { reader.leave() }
    }

    /// The key of a segment that may be shared.
    private func key(of segment: Segment) -> SegmentKey? {
        guard segment.caching.isReadingAllowed || segment.caching.isStoringAllowed,
            let engine = runner.engines.first(where: { $0.name == segment.engine }),
            engine.isDeterministic || segment.hasSeed
        else { return nil }
        return SegmentKey(segment, fingerprint: engine.fingerprint)
    }

    // MARK: Readers

    /// Finds the audio for a reader, or has it made.
    func place(_ reader: SegmentReader, _ key: SegmentKey) {
        guard !reader.hasLeft else { return }
        switch source(for: reader, key) {
        case .kept(let audio):
            metrics.hit(.memory)
            audio.play(to: reader.sink)
        case .joined(let shared):
            // One that has just ended is not found again.
            guard shared.join(reader) else { return place(reader, key) }
            metrics.joined()
        case .made(let shared):
            shared.follow(reader)
            make(shared, for: reader)
        case .alone:
            reader.moved(leave: submit(for: reader, to: reader.sink))
        }
    }

    private func source(for reader: SegmentReader, _ key: SegmentKey) -> Source {
        state.withLock { state in
            if reader.segment.caching.isReadingAllowed {
                if let audio = state.kept.use(key) { return .kept(audio) }
                if let shared = state.making[key]?.first(where: { $0.suits(reader.segment) }) { return .joined(shared) }
            }
            guard reader.segment.caching.isStoringAllowed else { return .alone }
            let shared = SharedSegment(key, for: reader, owner: self)
            state.making[key, default: []].append(shared)
            return .made(shared)
        }
    }

    /// Reads it from the disk or runs it.
    private func make(_ shared: SharedSegment, for reader: SegmentReader) {
        guard shared.segment.caching.isReadingAllowed else { return run(shared) }
        guard let disk, disk.mayHave(shared.key) else {
            metrics.missed()
            return run(shared)
        }
        reader.mindDeadline()
        disk.read(shared.key) { [self] audio in
            if let audio {
                metrics.hit(.disk)
                audio.play(to: shared)
            } else {
                metrics.missed()
                run(shared)
            }
        }
    }

    private func run(_ shared: SharedSegment) {
        guard let leader = shared.lead() else { return }
        shared.submitted(cancel: submit(for: leader, to: shared))
    }

    /// Has the runner make it for a reader, who may leave at the same time.
    private func submit(for reader: SegmentReader, to sink: any SegmentSink) -> @Sendable () -> Void {
        let cancel = runner.submit(reader.segment, to: sink)
        // It may have come after the end of its utterance was told.
        if reader.hasLeft { runner.utteranceEnded(reader.segment.utterance) }
        return cancel
    }

    // MARK: What becomes of shared segments

    /// Who waits for the same audio elsewhere in the queue waits no longer: the first that is taken speaks for all.
    func started(_ shared: SharedSegment) {
        let others = state.withLock { $0.making[shared.key]?.filter { $0 !== shared } ?? [] }
        for other in others {
            guard let (readers, cancel) = other.merge(into: shared) else { continue }
            ended(other)
            for reader in readers {
                if shared.join(reader) { metrics.joined() } else { place(reader, shared.key) }
            }
            cancel?()
        }
    }

    /// It is complete.
    /// - Parameter isNew: it was not kept anywhere yet.
    func finished(_ shared: SharedSegment, _ audio: KeptAudio, isNew: Bool) {
        // An engine that says nothing, and not why, may do better the next time.
        let isWorthIt = audio.sampleBytes > 0 || audio.hadNothingToSay
        let byteCount = state.withLock { state in
            Self.remove(shared, from: &state.making)
            if isWorthIt, audio.byteCount <= state.kept.limitBytes / Self.largestPart {
                _ = state.kept.insert(audio, for: shared.key, byteCount: audio.byteCount)
            }
            return state.kept.byteCount
        }
        metrics.holds(byteCount, in: .memory)
        guard isNew, isWorthIt else { return }
        disk?.write(audio, for: shared.key, replacing: !shared.segment.caching.isReadingAllowed)
    }

    /// Nobody can join it any more.
    func ended(_ shared: SharedSegment) {
        state.withLock { Self.remove(shared, from: &$0.making) }
    }

    private static func remove(_ shared: SharedSegment, from making: inout [SegmentKey: [SharedSegment]]) {
        making[shared.key]?.removeAll { $0 === shared }
        if making[shared.key]?.isEmpty == true { making[shared.key] = nil }
    }
}
