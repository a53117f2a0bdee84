import SpeechCore
import Synchronization

/// The audio of one utterance: a window of segments that are being made or are made and not read yet, in order.
///
/// Only a reader who asks for more causes more to be made, so a slow one holds back production. Segments are buffered
/// whole, so it holds no slot while it does.
final class UtteranceStream: SpeechStream {
    /// Notes on one utterance at the most; further ones are dropped.
    static let maxNotes = 64

    /// Nothing more is submitted while this much of the head waits to be read, 1.4 s at 24 kHz: the reader is behind.
    /// What is made out of turn is bounded by the window and the permits.
    static let unreadLimitBytes = 64 * 1024

    private struct State {
        /// Which segments are submitted.
        var turns: UtteranceWindow
        /// What is submitted and not read to its end; the head is the one that is read.
        var window: [SegmentAudio] = []
        /// The first segment, for its timing.
        var first: SegmentAudio?
        /// The sample rate, once there was audio.
        var sampleRate: Int?
        /// How long the audio lasts that was there already, since the last segment that was run.
        var audioBefore = Duration.zero
        /// What was remarked on segments that were read to their end.
        var notes: [String] = []
        /// Whether a segment had nothing that can be spoken.
        var hadNothingToSay = false
        /// Whether a gap goes before the next audio.
        var gapIsDue = false
        var end: Result<Void, SpeechError>?
    }

    private let plan: UtterancePlan
    private let resources: PipelineResources
    private let state: Mutex<State>
    /// Held while segments are submitted, so that the runner gets them in their order.
    private let submission = Mutex(())

    /// Opens the stream, which has a permit of `resources.utterances` already, and submits its first segment. The
    /// others follow as soon as that is admitted, whether anybody reads or not.
    init(_ plan: UtterancePlan, resources: PipelineResources) {
        self.plan = plan
        self.resources = resources
        state = Mutex(State(turns: UtteranceWindow(count: plan.segments.count, width: plan.window)))
        resources.metrics.utteranceOpened()
        topUp()
        state.withLock { $0.first }?.onAdmission { [weak self] in
            self?.state.withLock { $0.turns.admitted() }
            self?.topUp()
        }
    }

    deinit { cancel() }

    var segmentCount: Int { plan.segments.count }

    var timing: SegmentTiming { state.withLock { $0.first }?.timing ?? SegmentTiming() }

    var notes: [String] { state.withLock { Self.joined($0.notes, $0.window.first) } }

    func cancel() { end(.failure(.cancelled)) }

    func next() async throws(SpeechError) -> PCM? {
        while true {
            topUp()
            guard let head = try head() else { return nil }
            let chunk: PCM?
            do {
                chunk = try await head.next()
            } catch {
                end(.failure(error))
                throw error
            }
            if let chunk { return try joined(chunk) }
            drop(head)
        }
    }

    /// Submits what the window has room for.
    private func topUp() {
        submission.withLock { _ in
            while let index = reserveNext() { submit(index) }
        }
    }

    private func submit(_ index: Int) {
        let audioBefore = state.withLock { $0.audioBefore }
        let permits = plan.lookaheadLimit - resources.lookahead.count
        let segment = plan.segment(index, audioBefore: audioBefore, permits: permits)
        let audio = resources.runner.submit(segment)
        resources.metrics.segmentSubmitted()
        let isOpen = state.withLock { state in
            guard state.end == nil else { return false }
            state.audioBefore = audio.timing.shared == .cached ? audioBefore + audio.unreadDuration : .zero
            if index == 0 { state.first = audio }
            state.window.append(audio)
            return true
        }
        guard !isOpen else { return }
        audio.cancel()
        // It may have come after the end was told.
        resources.runner.utteranceEnded(plan.number)
    }

    /// The index of a segment that may be submitted now, with its permit taken.
    private func reserveNext() -> Int? {
        state.withLock { state in
            guard state.end == nil else { return nil }
            // A head that ended with nothing has probably failed: let the reader see it first.
            let isHeadRead =
                state.window.first.map { head in
                    (!head.isEnded || head.unreadBytes > 0) && head.unreadBytes <= Self.unreadLimitBytes
                } ?? true
            return state.turns.submitNext(isHeadRead: isHeadRead) {
                resources.lookahead.take(limit: plan.lookaheadLimit)
            }
        }
    }

    /// The segment to read from; `nil` after the last.
    private func head() throws(SpeechError) -> SegmentAudio? {
        let (head, isSilent, end) = state.withLock { ($0.window.first, $0.sampleRate == nil, $0.end) }
        if let end {
            try end.get()
            return nil
        }
        if let head { return head }
        guard !isSilent else { throw failed(silence()) }
        self.end(.success(()))
        return nil
    }

    /// A chunk as it goes out: checked, and with the gap before it if it begins a segment.
    private func joined(_ chunk: PCM) throws(SpeechError) -> PCM {
        let (rate, gapIsDue): (Int, Bool) = state.withLock { state in
            let rate = state.sampleRate ?? chunk.sampleRate
            state.sampleRate = rate
            defer { state.gapIsDue = false }
            return (rate, state.gapIsDue)
        }
        guard rate == chunk.sampleRate else {
            throw failed("The engine changed its sample rate from \(rate) to \(chunk.sampleRate) Hz within one text.")
        }
        guard gapIsDue, plan.gap > .zero else { return chunk }
        return PCM(samples: PCM.silence(plan.gap, sampleRate: rate).samples + chunk.samples, sampleRate: rate)
    }

    /// The head has been read to its end; the next one needs its permit no more.
    private func drop(_ head: SegmentAudio) {
        let permits = state.withLock { state in
            guard state.window.first === head else { return 0 }
            state.window.removeFirst()
            state.notes = Self.joined(state.notes, head)
            state.hadNothingToSay = state.hadNothingToSay || head.hadNothingToSay
            state.gapIsDue = state.sampleRate != nil
            return state.turns.headRead()
        }
        resources.lookahead.giveBack(permits)
    }

    /// The notes with those of one more segment. Many segments give rise to the same one, which is told once.
    private static func joined(_ notes: [String], _ audio: SegmentAudio?) -> [String] {
        audio?.notes.reduce(into: notes) { notes, note in
            if notes.count < maxNotes, !notes.contains(note) { notes.append(note) }
        } ?? notes
    }

    /// What it means that there was no audio at all.
    private func silence() -> SpeechError {
        let (hadNothingToSay, note) = state.withLock { ($0.hadNothingToSay, $0.notes.first) }
        guard hadNothingToSay else { return SpeechError(.engineFailed, "The engine made no audio for this text.") }
        let message = "Nothing in this text can be spoken. Send words of a language that the engine speaks."
        return SpeechError(.invalidRequest, note.map { "\(message) (\($0))" } ?? message, param: "input")
    }

    private func failed(_ message: String) -> SpeechError {
        failed(SpeechError(.engineFailed, message))
    }

    private func failed(_ error: SpeechError) -> SpeechError {
        end(.failure(error))
        return error
    }

    /// Ends the stream, if it has not ended yet, and frees what it holds.
    private func end(_ end: Result<Void, SpeechError>) {
        let held: (window: [SegmentAudio], permits: Int)? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.window = [] }
            return (state.window, state.turns.end())
        }
        guard let held else { return }
        for audio in held.window { audio.cancel() }
        resources.lookahead.giveBack(held.permits)
        resources.utterances.giveBack(1)
        if plan.segments.count > 1 { resources.runner.utteranceEnded(plan.number) }
        switch end {
        case .success: resources.metrics.utteranceEnded(.ok)
        case .failure(let error) where error.code == .cancelled: resources.metrics.utteranceEnded(.cancelled)
        case .failure: resources.metrics.utteranceEnded(.failed)
        }
    }
}
