import Synchronization

/// The audio of one segment on its way from a worker to a reader.
///
/// The producer never waits: a segment is short, so it may finish and free its slot however slow the reader is. What it
/// may leave here is bounded by `limitBytes`. One producer, one reader; each method may be called from any thread.
package final class SegmentAudio: SegmentSink {
    /// What a segment may leave unread at the most: 5 minutes at 24 kHz. A worker that makes more is broken.
    package static let limitBytes = 5 * 60 * 24_000 * 2
    /// Notes of a segment at the most; further ones are dropped.
    package static let maxNotes = 8
    /// Bytes of a note in UTF-8 at the most; a longer one is cut.
    package static let maxNoteBytes = 1 << 10

    private struct State {
        var chunks: [PCM] = []
        var unreadBytes = 0
        /// What the reader has had.
        var heard = AudioTally()
        /// What is made again of that, while it is.
        var repeated: AudioTally?
        var notes: [String] = []
        var hadNothingToSay = false
        var end: Result<Void, SpeechError>?
        var reader: ResumedReaders.Reader?
        var onCancel: (@Sendable () -> Void)?
        var isAdmitted = false
        var onAdmission: (@Sendable () -> Void)?
        var timing = SegmentTiming()
        var started: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let limitBytes: Int
    private let submitted = ContinuousClock.now

    /// - Parameter limitBytes: what may be unread at the most.
    package init(limitBytes: Int = SegmentAudio.limitBytes) {
        self.limitBytes = limitBytes
        self.state = Mutex(State())
    }

    // MARK: Reader

    /// Has somebody told, once, if the reader gives up before the end. At once if it has.
    package func onCancel(_ action: @escaping @Sendable () -> Void) {
        let isGivenUp = state.withLock { state in
            switch state.end {
            case nil: state.onCancel = action
            case .failure(.cancelled): return true
            case .success, .failure: break
            }
            return false
        }
        if isGivenUp { action() }
    }

    /// Has somebody told, once, when the segment is admitted. At once if it has been.
    package func onAdmission(_ action: @escaping @Sendable () -> Void) {
        let isAdmitted = state.withLock { state in
            if !state.isAdmitted { state.onAdmission = action }
            return state.isAdmitted
        }
        if isAdmitted { action() }
    }

    /// The next piece, or `nil` after the last. Suspends until there is one; a cancelled task cancels the segment.
    package func next() async throws(SpeechError) -> PCM? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: Result<PCM?, SpeechError>? = state.withLock { state in
                    precondition(state.reader == nil, "a segment has one reader")
                    if !state.chunks.isEmpty {
                        let chunk = state.chunks.removeFirst()
                        state.unreadBytes -= chunk.byteCount
                        state.heard.add(chunk.samples)
                        return .success(chunk)
                    }
                    if let end = state.end { return end.map { nil } }
                    state.reader = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// The reader gives up: what is unread is dropped and the producer is told.
    package func cancel() {
        let (reader, onCancel) = end(.failure(.cancelled), dropUnread: true)
        reader?.resume(returning: .failure(.cancelled))
        onCancel?()
    }

    /// Bytes that are here and not read yet.
    package var unreadBytes: Int { state.withLock { $0.unreadBytes } }

    /// How long what is here and not read yet lasts.
    package var unreadDuration: Duration { state.withLock { $0.chunks.reduce(.zero) { $0 + $1.duration } } }

    /// Whether nothing more will arrive.
    package var isEnded: Bool { state.withLock { $0.end != nil } }

    /// As much of a note as is kept of it.
    package static func shortened(_ note: String) -> String {
        // A cut in the middle of a character leaves that out.
        String(Substring(note.utf8.prefix(maxNoteBytes)))
    }

    /// Where the time went so far.
    package var timing: SegmentTiming { state.withLock { $0.timing } }

    /// What the engine remarked on the text so far.
    package var notes: [String] { state.withLock { $0.notes } }

    /// Whether it ended without audio because nothing of its text can be spoken.
    package var hadNothingToSay: Bool { state.withLock { $0.hadNothingToSay } }

    // MARK: Producer

    /// Runs what waits for the admission, on this thread.
    package func admitted() {
        let onAdmission = state.withLock { state in
            state.isAdmitted = true
            return state.onAdmission.take()
        }
        onAdmission?()
    }

    package func start(shared: SegmentTiming.Shared?) {
        let now = ContinuousClock.now
        state.withLock { state in
            // Where the time went before the first audio is known when that has been heard.
            guard state.heard.samples == 0 else { return }
            state.started = now
            state.timing.queued = submitted.duration(to: now)
            state.timing.shared = shared
        }
    }

    /// Keeps a piece, or leaves out what its reader has had already and compares it.
    package func append(_ chunk: PCM, resumed: inout ResumedReaders) -> PieceTaken {
        let now = ContinuousClock.now
        let (piece, taken, reader): (PCM, PieceTaken, ResumedReaders.Reader?) = state.withLock { state in
            guard let chunk = Self.unheard(of: chunk, &state) else { return (chunk, .different, nil) }
            guard state.end == nil, !chunk.samples.isEmpty else { return (chunk, .taken, nil) }
            if state.timing.firstAudio == nil { state.timing.firstAudio = state.started?.duration(to: now) }
            if let reader = state.reader.take() {
                state.heard.add(chunk.samples)
                return (chunk, .taken, reader)
            }
            guard state.unreadBytes + chunk.byteCount <= limitBytes else {
                return (chunk, .tooMuch, nil)
            }
            state.chunks.append(chunk)
            state.unreadBytes += chunk.byteCount
            return (chunk, .taken, nil)
        }
        if let reader { resumed.add(reader, piece) }
        return taken
    }

    /// What of a piece the reader has not had yet; `nil` if it has had something else.
    private static func unheard(of chunk: PCM, _ state: inout State) -> PCM? {
        guard var repeated = state.repeated else { return chunk }
        let again = chunk.samples.prefix(state.heard.samples - repeated.samples)
        repeated.add(again)
        state.repeated = repeated
        guard repeated.samples == state.heard.samples else { return PCM(samples: [], sampleRate: chunk.sampleRate) }
        guard repeated == state.heard else { return nil }
        state.repeated = nil
        return PCM(samples: Array(chunk.samples.dropFirst(again.count)), sampleRate: chunk.sampleRate)
    }

    package func note(_ text: String) {
        let note = Self.shortened(text)
        state.withLock { state in
            guard state.end == nil, state.notes.count < Self.maxNotes else { return }
            state.notes.append(note)
        }
    }

    package func finish(nothingToSay: Bool) {
        if nothingToSay {
            state.withLock { state in
                if state.end == nil { state.hadNothingToSay = true }
            }
        }
        // What is less than the reader has had already is not the same.
        let result: Result<Void, SpeechError> =
            state.withLock { $0.repeated } == nil ? .success(()) : .failure(.different)
        let (reader, _) = end(result, dropUnread: false)
        reader?.resume(returning: result.map { nil })
    }

    package func fail(_ error: SpeechError) {
        let (reader, _) = end(.failure(error), dropUnread: false)
        reader?.resume(returning: .failure(error))
    }

    package func restart(isRepeatable: Bool) -> Bool {
        state.withLock { state in
            let isUnheard = state.heard.samples == 0
            guard state.end == nil, isUnheard || isRepeatable else { return false }
            state.chunks = []
            state.unreadBytes = 0
            state.notes = []
            if isUnheard {
                state.started = nil
                state.timing = SegmentTiming()
            } else {
                state.repeated = AudioTally()
            }
            return true
        }
    }

    private func end(
        _ end: Result<Void, SpeechError>,
        dropUnread: Bool
    ) -> (ResumedReaders.Reader?, (@Sendable () -> Void)?) {
        state.withLock { state in
            if dropUnread {
                state.chunks = []
                state.unreadBytes = 0
            }
            let isFirst = state.end == nil
            if isFirst { state.end = end }
            return (state.reader.take(), isFirst ? state.onCancel.take() : nil)
        }
    }
}

/// Samples in their order, as their number and a digest of them: enough to tell whether others are the same.
///
/// The digest is FNV-1a (Fowler, Noll, Vo) over samples instead of bytes. It tells a mistake, not a forgery.
private struct AudioTally: Sendable, Equatable {
    /// How many.
    private(set) var samples = 0
    private var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Takes in what follows.
    mutating func add(_ more: some Collection<Int16>) {
        samples += more.count
        for sample in more {
            digest = (digest ^ UInt64(UInt16(bitPattern: sample))) &* 0x100_0000_01b3
        }
    }
}
