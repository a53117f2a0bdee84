import SpeechCore
import Synchronization

/// A segment that is being made, or waits to be, for all who want the same audio.
///
/// It keeps what has arrived, so that who joins late has it from the beginning. Readers are fed under its lock: that
/// gives each of them everything in order, and a sink never waits nor calls back. Readers that waited are resumed when
/// the lock is free.
final class SharedSegment: SegmentSink {
    private struct State {
        /// Those who want it, in the order in which they came; empty after the end.
        var readers: [SegmentReader]
        /// Whose place in the queue it has.
        var leader: SegmentReader
        var audio = KeptAudio()
        /// Whether it has a place, or its audio comes from elsewhere.
        var isAdmitted = false
        var hasStarted = false
        /// Where it comes from, if nothing is run for it.
        var shared: SegmentTiming.Shared?
        var hasEnded = false
        /// Gives up what was submitted for it.
        var cancel: (@Sendable () -> Void)?
    }

    /// What audio it is.
    let key: SegmentKey
    /// The segment of who was first. To the queue, those who joined before the start are the same.
    let segment: Segment
    private let owner: CachingRunner
    private let state: Mutex<State>

    init(_ key: SegmentKey, for first: SegmentReader, owner: CachingRunner) {
        self.key = key
        self.segment = first.segment
        self.owner = owner
        state = Mutex(State(readers: [first], leader: first))
    }

    // MARK: Readers

    /// Whether waiting for this is never worse than a place in the queue.
    ///
    /// What an instance has taken is ahead of all that waits. Before that, it has to be the same to the queue, and be
    /// there longer, and be ready to give way to another that is taken. In both cases its deadline, which ends it, must
    /// not come before the other's.
    func suits(_ other: Segment) -> Bool {
        guard outlives(other) else { return false }
        return state.withLock { state in
            !state.hasEnded && (state.hasStarted || segment.caching.isReadingAllowed && isSameToTheQueue(as: other))
        }
    }

    private func isSameToTheQueue(as other: Segment) -> Bool {
        other.tenant == segment.tenant && other.priority == segment.priority && other.playback == segment.playback
            && other.index == segment.index && other.deadline == segment.deadline
    }

    private func outlives(_ other: Segment) -> Bool {
        guard let deadline = segment.deadline else { return true }
        return other.deadline.map { $0 <= deadline } ?? false
    }

    /// Gives a reader all that there is, and what will come.
    /// - Returns: `false` after the end.
    func join(_ reader: SegmentReader) -> Bool {
        var resumed = ResumedReaders()
        let (hasJoined, isAdmitted) = state.withLock { state in
            guard !state.hasEnded else { return (false, false) }
            state.readers.append(reader)
            giveAll(to: reader, of: state, resumed: &resumed)
            return (true, state.isAdmitted)
        }
        resumed.resume()
        if hasJoined {
            // Not under the lock: the reader may submit more of the same.
            if isAdmitted { reader.sink.admitted() }
            follow(reader)
            reader.mindDeadline()
        }
        return hasJoined
    }

    /// Gives a reader all that there is so far.
    private func giveAll(to reader: SegmentReader, of state: borrowing State, resumed: inout ResumedReaders) {
        guard state.hasStarted else { return }
        reader.sink.start(shared: reader === state.leader ? state.shared : state.shared ?? .joined)
        state.audio.pour(into: reader.sink, resumed: &resumed)
    }

    /// Hears of it when a reader leaves.
    func follow(_ reader: SegmentReader) {
        // Whoever makes it keeps this; a reader that has been served should not.
        reader.moved { [weak self, weak reader] in
            if let reader { self?.leave(reader) }
        }
    }

    /// When the last one has left, nothing more is made.
    private func leave(_ reader: SegmentReader) {
        let isLeftAlone = state.withLock { state in
            state.readers.removeAll { $0 === reader }
            return state.readers.isEmpty && !state.hasEnded
        }
        if isLeftAlone, let (_, cancel) = giveUp(if: { $0.readers.isEmpty }) {
            owner.ended(self)
            cancel?()
        }
    }

    /// Gives its readers to another that has started, if none of them is worse off.
    /// - Returns: the readers, and what gives up what was submitted; `nil` if it goes on.
    func merge(into other: SharedSegment) -> (readers: [SegmentReader], cancel: (@Sendable () -> Void)?)? {
        giveUp { state in
            !state.hasStarted
                && state.readers.allSatisfy { $0.segment.caching.isReadingAllowed && other.outlives($0.segment) }
        }
    }

    private func giveUp(
        if condition: (borrowing State) -> Bool
    ) -> (readers: [SegmentReader], cancel: (@Sendable () -> Void)?)? {
        state.withLock { state in
            guard !state.hasEnded, condition(state) else { return nil }
            let cancel = state.cancel
            return (end(&state), cancel)
        }
    }

    // MARK: Producer

    /// It is about to be submitted.
    /// - Returns: for whom: the first who is still there; `nil` if nobody is.
    func lead() -> SegmentReader? {
        state.withLock { state in
            guard let leader = state.readers.first else { return nil }
            state.leader = leader
            return leader
        }
    }

    /// It has been submitted, and this gives it up.
    func submitted(cancel: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.cancel = cancel }
            return state.hasEnded
        }
        // Everybody left before.
        if hasEnded { cancel() }
    }

    func admitted() {
        let readers = state.withLock { state in
            state.isAdmitted = true
            return state.readers
        }
        // Not under the lock: they may submit more of the same.
        for reader in readers { reader.sink.admitted() }
    }

    func start(shared: SegmentTiming.Shared?) {
        let isOn = state.withLock { state in
            guard !state.hasEnded else { return false }
            state.hasStarted = true
            state.shared = shared
            for reader in state.readers {
                reader.sink.start(shared: reader === state.leader ? shared : shared ?? .joined)
            }
            return true
        }
        if isOn { owner.started(self) }
    }

    func append(_ chunk: PCM, resumed: inout ResumedReaders) -> PieceTaken {
        state.withLock { state in
            guard !state.hasEnded else { return .taken }
            // So it fits into each reader's sink, however little that one has read.
            guard state.audio.sampleBytes + chunk.byteCount <= SegmentAudio.limitBytes else {
                return .tooMuch
            }
            state.audio.append(chunk)
            // Each of them, so that all have the same.
            var taken = PieceTaken.taken
            for reader in state.readers where reader.sink.append(chunk, resumed: &resumed) == .different {
                taken = .different
            }
            return taken
        }
    }

    func note(_ text: String) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.audio.note(text)
            for reader in state.readers { reader.sink.note(text) }
        }
    }

    func finish(nothingToSay: Bool) {
        let audio: KeptAudio? = state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.audio.hadNothingToSay = nothingToSay
            return state.audio
        }
        guard let audio else { return }
        // First, so that everybody finds either this or what was kept of it.
        owner.finished(self, audio, isNew: state.withLock { $0.shared == nil })
        for reader in state.withLock({ end(&$0) }) { reader.sink.finish(nothingToSay: nothingToSay) }
    }

    /// Those who joined do not answer for what befell the leader's place in the queue: they take one of their own.
    func fail(_ error: SpeechError) {
        owner.ended(self)
        let (leader, readers) = state.withLock { ($0.leader, end(&$0)) }
        for reader in readers {
            if reader !== leader, error.isOfTheQueue, reader.sink.restart(isRepeatable: false) {
                owner.place(reader, key)
            } else {
                reader.sink.fail(error)
            }
        }
    }

    var isEnded: Bool { state.withLock { $0.hasEnded } }

    /// For all of them, or for none.
    func restart(isRepeatable: Bool) -> Bool {
        var resumed = ResumedReaders()
        let hasRestarted = state.withLock { state in
            guard !state.hasEnded else { return false }
            var forgetful: [SegmentReader] = []
            for reader in state.readers {
                if reader.sink.restart(isRepeatable: isRepeatable) {
                    forgetful.append(reader)
                } else if !reader.sink.isEnded {
                    // It has had some already, so it goes on. The others go on, too, with what they have forgotten.
                    for reader in forgetful { giveAll(to: reader, of: state, resumed: &resumed) }
                    return false
                }
            }
            state.audio = KeptAudio()
            state.hasStarted = false
            return true
        }
        resumed.resume()
        return hasRestarted
    }

    /// - Returns: those who are still there.
    private func end(_ state: inout State) -> [SegmentReader] {
        state.hasEnded = true
        state.audio = KeptAudio()
        state.cancel = nil
        defer { state.readers = [] }
        return state.readers
    }
}

extension SpeechError {
    /// Whether it says nothing about the text, but only that there was no room for it.
    fileprivate var isOfTheQueue: Bool {
        let codes: Set<Code> = [
            .queueFull, .tenantLimit, .overloaded, .waitedTooLong, .deadlineExceeded, .memoryShort, .shuttingDown,
            .cancelled,
        ]
        return codes.contains(code)
    }
}
