import Synchronization

/// How much is taken of what all requests share: places for those that need much room, or bytes.
final class Places: Sendable {
    private let taken = Mutex(0)

    /// Takes some.
    /// - Returns: how much is taken now. Whoever finds that too much gives its own back.
    func take(_ count: Int = 1) -> Int {
        taken.withLock { taken in
            taken += count
            return taken
        }
    }

    /// Gives back what was taken.
    func giveBack(_ count: Int = 1) {
        taken.withLock { $0 -= count }
    }
}
