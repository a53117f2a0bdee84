import Synchronization

/// A count that may not go over a limit, shared by many.
final class Permits: Sendable {
    private let taken = Atomic(0)

    /// How many are out.
    var count: Int { taken.load(ordering: .relaxed) }

    /// Takes one, unless `limit` are out already.
    func take(limit: Int) -> Bool {
        var count = taken.load(ordering: .relaxed)
        while count < limit {
            let (exchanged, original) = taken.weakCompareExchange(
                expected: count,
                desired: count + 1,
                ordering: .relaxed
            )
            if exchanged { return true }
            count = original
        }
        return false
    }

    /// Gives some back, each exactly once.
    func giveBack(_ number: Int) {
        let left = taken.subtract(number, ordering: .relaxed).newValue
        precondition(left >= 0, "a permit is given back once")
    }
}
