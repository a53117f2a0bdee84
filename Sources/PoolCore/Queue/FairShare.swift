/// Who of several that want more than there is comes next, so that each gets seconds by its weight.
///
/// Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queuing", SIGCOMM 1996): everybody has a virtual time
/// that grows with the seconds he is given, divided by his weight, and who is behind comes first. Who has wanted
/// nothing for a while begins at the time at which the others are: he has saved nothing, and owes nothing.
struct FairShare<Key: Hashable & Sendable>: Sendable {
    /// The time of who was given something last, when he was given it.
    private var time = 0.0
    /// The virtual time up to which each key has been given something. A key that is not here is not ahead.
    private(set) var ends: [Key: Double] = [:]
    /// How often something was given since the last clean-up. A clean-up looks at every key, so it comes once for as
    /// many calls as there are keys.
    private var given = 0
    /// 1 for who is not in it.
    var weights: [Key: Double]

    /// - Parameter weights: 1 for who is not in it.
    init(weights: [Key: Double]) {
        self.weights = weights
    }

    /// What share somebody has when others want more, too.
    func weight(of key: Key) -> Double { weights[key] ?? 1 }

    /// Whether a key has been given something beyond the virtual time.
    func isAhead(_ key: Key) -> Bool { ends[key].map { $0 > time } ?? false }

    /// The virtual time at which somebody comes next.
    func start(of key: Key) -> Double { max(time, ends[key] ?? time) }

    /// Somebody gets what is predicted to take so many seconds.
    mutating func give(_ seconds: Double, to key: Key) {
        let start = start(of: key)
        time = max(time, start)
        ends[key] = start + seconds / weight(of: key)
        given += 1
        guard ends.count > Self.rememberedAtLeast, given > ends.count else { return }
        given = 0
        ends = ends.filter { $1 > time }
    }

    /// It took so many seconds more than was predicted, or fewer.
    mutating func correct(by seconds: Double, for key: Key) {
        guard let end = ends[key] else { return }
        ends[key] = end + seconds / weight(of: key)
    }

    /// So few may be remembered without need.
    private static var rememberedAtLeast: Int { 64 }
}
