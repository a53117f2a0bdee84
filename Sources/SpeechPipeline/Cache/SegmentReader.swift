import SpeechCore
import Synchronization

/// One who wants a segment, wherever its audio is to come from.
final class SegmentReader: Sendable {
    private struct State {
        var hasLeft = false
        /// Tells who makes the audio now.
        var leave: (@Sendable () -> Void)?
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

    /// Whether nobody wants it any more.
    var hasLeft: Bool { state.withLock { $0.hasLeft } }
}
