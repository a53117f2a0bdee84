import Synchronization

/// What a request takes of its key's limits. It is over once, however often it is told.
final class KeyPermit: Sendable {
    private let whenOver: Mutex<(@Sendable (_ isRefunded: Bool) -> Void)?>

    /// - Parameter whenOver: told once, with whether the request is to be as if it had never come.
    init(whenOver: @escaping @Sendable (_ isRefunded: Bool) -> Void) {
        self.whenOver = Mutex(whenOver)
    }

    /// The request is over, and counts.
    func end() {
        whenOver.withLock { $0.take() }?(false)
    }

    /// The request came to nothing, by no doing of its caller: it does not count.
    func refund() {
        whenOver.withLock { $0.take() }?(true)
    }
}
