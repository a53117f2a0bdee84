import Synchronization

/// A number of places for requests that need much room.
final class Places: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) {
        free = Mutex(count)
    }

    /// Takes one, if there is one.
    func take() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    /// Gives one back that was taken.
    func giveBack() {
        free.withLock { $0 += 1 }
    }
}
