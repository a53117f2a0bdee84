import Synchronization

/// A client's connection, as the requests on it see it: whether it is there still, and the work that has to stop when
/// it is not. Requests on one connection follow one another, so there is at most one such work at a time.
final class Connection: Sendable {
    /// Why a connection ended before its request did.
    enum End: String {
        case clientGone = "client_gone"
        case writeStalled = "write_stalled"
    }

    private struct State {
        var end: End?
        var stop: (@Sendable () -> Void)?
    }

    /// Whether who comes by it may change the pool, whoever he is.
    let isAdmin: Bool
    private let state = Mutex(State())

    init(isAdmin: Bool = false) {
        self.isAdmin = isAdmin
    }

    /// Why it has ended, if it has.
    var end: End? { state.withLock { $0.end } }

    /// From now on `stop` is called as soon as the client is gone, or the request is over.
    func whenOver(_ stop: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            guard state.end == nil else { return false }
            state.stop = stop
            return true
        }
        if !isOpen { stop() }
    }

    /// The request is over: whatever its work still holds is given up.
    func release() {
        state.withLock { $0.stop.take() }?()
    }

    /// The connection is gone. The first reason counts.
    func close(_ reason: End) {
        state.withLock { $0.end = $0.end ?? reason }
        release()
    }
}
