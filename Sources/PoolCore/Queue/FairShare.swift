/// Who of several that want more than there is comes next, so that each gets seconds by its weight.
///
/// Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queuing", SIGCOMM 1996): everybody has a virtual time
/// that grows with the seconds he is given, divided by his weight, and who is behind comes first. Who has wanted
/// nothing for a while begins at the time at which the others are: he has saved nothing, and owes nothing.
struct FairShare<Key: Hashable & Sendable>: Sendable {
    /// The time of who was given something last, when he was given it.
    private var time = 0.0
    /// Up to where everybody has been given something. Who is not here is behind.
    private(set) var ends: [Key: Double] = [:]
    private var passing = MinHeap<Passing>()
    /// 1 for who is not in it.
    var weights: [Key: Double]

    /// - Parameter weights: 1 for who is not in it.
    init(weights: [Key: Double]) {
        self.weights = weights
    }

    /// What share somebody has when others want more, too.
    func weight(of key: Key) -> Double { weights[key] ?? 1 }

    /// Whether somebody has had more than he who has had least.
    func isAhead(_ key: Key) -> Bool { ends[key].map { $0 > time } ?? false }

    /// The virtual time at which somebody comes next.
    func start(of key: Key) -> Double { max(time, ends[key] ?? time) }

    /// Somebody gets what is predicted to take so many seconds.
    mutating func give(_ seconds: Double, to key: Key) {
        let start = start(of: key)
        time = max(time, start)
        setEnd(of: key, to: start + seconds / weight(of: key))
        while let first = passing.first, first.end <= time {
            _ = passing.removeFirst()
            if !isAhead(first.key) { ends[first.key] = nil }
        }
    }

    /// It took so many seconds more than was predicted, or fewer.
    mutating func correct(by seconds: Double, for key: Key) {
        guard let end = ends[key] else { return }
        setEnd(of: key, to: end + seconds / weight(of: key))
    }

    private mutating func setEnd(of key: Key, to end: Double) {
        ends[key] = end
        passing.insert(Passing(end: end, key: key))
    }

    /// An end that the time is going to pass; perhaps not the last one of its key.
    private struct Passing: Comparable, Sendable {
        let end: Double
        let key: Key

        static func < (left: Passing, right: Passing) -> Bool { left.end < right.end }
    }
}
