import Synchronization

extension Atomic where Value == Double {
    /// Adds without a lock. Relaxed: numbers on a page need no order among each other.
    func add(_ amount: Double) {
        var expected = load(ordering: .relaxed)
        while true {
            let (exchanged, original) = weakCompareExchange(
                expected: expected,
                desired: expected + amount,
                ordering: .relaxed
            )
            if exchanged { return }
            expected = original
        }
    }
}
