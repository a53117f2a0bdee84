import SpeechCore
import Synchronization

/// One who wants a segment, wherever its audio is to come from.
final class SegmentReader: Sendable {
    private struct State {
        var hasLeft = false
        /// Tells who makes the audio now.
        var leave: (@Sendable () -> Void)?
        /// Ends it at its deadline.
        var timer: Task<Void, Never>?
    }

    /// What is wanted.
    let segment: Segment
    /// Where it goes.
    let sink: any SegmentSink
    private let state = Mutex(State())

    init(_ segment: Segment, _ sink: any SegmentSink) {
        self.segment = segment
        self.sink = sink
    }

    deinit { state.withLock { $0.timer }?.cancel() }

    /// The audio comes from elsewhere from now on.
    /// - Parameter leave: who is to be told if the reader leaves; at once if it has. May be told more than once.
    func moved(leave: @escaping @Sendable () -> Void) {
        let hasLeft = state.withLock { state in
            if !state.hasLeft { state.leave = leave }
            return state.hasLeft
        }
        if hasLeft { leave() }
    }

    /// Nobody wants it any more.
    func leave() {
        let leave = state.withLock { state in
            state.hasLeft = true
            return state.leave.take()
        }
        leave?()
    }

    /// From now on it waits for something that does not end at its deadline: that is minded here, if it has one.
    func mindDeadline() {
        guard let deadline = segment.deadline else { return }
        state.withLock { state in
            guard state.timer == nil else { return }
            state.timer = Task { [weak self] in
                guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
                guard let self else { return }
                leave()
                sink.fail(.deadlineExceeded)
            }
        }
    }

    /// Whether nobody wants it any more.
    var hasLeft: Bool { state.withLock { $0.hasLeft } }
}
