import SpeechCore
import Synchronization

/// A client's connection, as the requests on it see it: whether it is there still, and the speech that has to stop when
/// it is not. Requests on one connection follow one another, so there is at most one stream at a time.
final class Connection: Sendable {
    /// Why a connection ended before its request did.
    enum End: String {
        case clientGone = "client_gone"
        case writeStalled = "write_stalled"
    }

    private struct State {
        var end: End?
        var stream: (any SpeechStream)?
    }

    private let state = Mutex(State())

    /// Why it has ended, if it has.
    var end: End? { state.withLock { $0.end } }

    /// From now on the stream is cancelled as soon as the client is gone.
    func hold(_ stream: any SpeechStream) {
        let isOpen = state.withLock { state in
            guard state.end == nil else { return false }
            state.stream = stream
            return true
        }
        if !isOpen { stream.cancel() }
    }

    /// The request is over: whatever the stream still holds is given up.
    func release() {
        state.withLock { $0.stream.take() }?.cancel()
    }

    /// The connection is gone. The first reason counts.
    func close(_ reason: End) {
        state.withLock { $0.end = $0.end ?? reason }
        release()
    }
}
