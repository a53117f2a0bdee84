import SpeechCore
import Synchronization

/// Speech by a script.
final class FakeStream: SpeechStream {
    /// What happens when a reader asks for the next piece.
    enum Step: Sendable {
        case audio(PCM)
        case failure(SpeechError)
        /// Nothing until the signal; then the next step.
        case wait(Signal)
        /// Nothing until the stream is cancelled.
        case silence
    }

    private struct State {
        var asked = 0
        var pulledBytes = 0
    }

    let segmentCount: Int
    let timing: SegmentTiming
    /// Those of the first piece, and once that has been pulled those that come later.
    var notes: [String] { state.withLock { $0.asked > 1 ? firstNotes + lateNotes : firstNotes } }
    private let firstNotes: [String]
    private let lateNotes: [String]
    /// A reader waits, for a signal or in silence.
    let waited = Signal()
    let cancelled = Signal()
    private let script: @Sendable (Int) -> Step?
    private let state = Mutex(State())

    /// - Parameter script: the step of each number; `nil` is the end.
    init(
        segmentCount: Int = 2,
        timing: SegmentTiming = SegmentTiming(),
        notes: [String] = [],
        lateNotes: [String] = [],
        script: @escaping @Sendable (Int) -> Step?
    ) {
        self.segmentCount = segmentCount
        self.timing = timing
        firstNotes = notes
        self.lateNotes = lateNotes
        self.script = script
    }

    convenience init(
        _ steps: Step...,
        segmentCount: Int = 2,
        timing: SegmentTiming = SegmentTiming(),
        notes: [String] = [],
        lateNotes: [String] = []
    ) {
        self.init(segmentCount: segmentCount, timing: timing, notes: notes, lateNotes: lateNotes) {
            $0 < steps.count ? steps[$0] : nil
        }
    }

    /// Bytes that readers got so far.
    var pulledBytes: Int { state.withLock { $0.pulledBytes } }

    func next() async throws(SpeechError) -> PCM? {
        if cancelled.hasFired { throw .cancelled }
        let step = state.withLock { state in
            defer { state.asked += 1 }
            return script(state.asked)
        }
        switch step {
        case nil: return nil
        case .audio(let pcm):
            state.withLock { $0.pulledBytes += pcm.byteCount }
            return pcm
        case .failure(let error): throw error
        case .wait(let signal):
            waited.fire()
            await signal.wait()
            return try await next()
        case .silence:
            waited.fire()
            await cancelled.wait()
            throw .cancelled
        }
    }

    func cancel() {
        cancelled.fire()
    }
}
