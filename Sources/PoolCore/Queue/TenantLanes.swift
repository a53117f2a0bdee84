/// The waiting jobs of one class, by tenant, and whose turn is next: the tenant that has had least comes first, and
/// among equals the one whose job is due first. Each change costs O(log n) comparisons in the tenants.
struct TenantLanes {
    /// The jobs of one tenant; never empty.
    fileprivate struct Lane {
        var jobs = SortedJobs()
        var turn: Turn?
    }

    /// When a tenant's turn comes.
    fileprivate struct Turn: Comparable, Sendable {
        /// Up to where it has been given something; `nil` if it has had least.
        let end: Double?
        let due: Instant
        let number: UInt64
        let tenant: String

        static func < (left: Turn, right: Turn) -> Bool {
            (left.end ?? 0, left.due, left.number) < (right.end ?? 0, right.due, right.number)
        }
    }

    private(set) var shares: FairShare<String>
    /// All jobs together.
    private(set) var load = Load()
    private var lanes: [String: Lane] = [:]
    /// Tenants that have had least.
    private var level = SortedChunks<Turn>()
    /// Tenants that have had more.
    private var ahead = SortedChunks<Turn>()

    init(weights: [String: Double]) { shares = FairShare(weights: weights) }

    var isEmpty: Bool { lanes.isEmpty }

    /// Shares are others from now on.
    mutating func setWeights(_ weights: [String: Double]) { shares.weights = weights }

    // MARK: Coming and going

    mutating func insert(_ entry: SortedJobs.Entry, of tenant: String) {
        lanes[tenant, default: Lane()].jobs.insert(entry)
        load += entry.load
        place(tenant)
    }

    /// - Returns: the load of the job; `nil` if it is not there.
    mutating func remove(_ id: JobID, due: Instant, of tenant: String) -> Load? {
        guard let removed = lanes[tenant]?.jobs.remove(id, due: due) else { return nil }
        load -= removed
        place(tenant)
        return removed
    }

    mutating func removeAll() {
        lanes = [:]
        load = Load()
        level = SortedChunks()
        ahead = SortedChunks()
    }

    // MARK: Turns

    /// A tenant's job begins that is predicted to take so many seconds.
    mutating func give(_ seconds: Double, to tenant: String) {
        shares.give(seconds, to: tenant)
        place(tenant)
        while let next = ahead.first, !shares.isAhead(next.tenant) { place(next.tenant) }
    }

    /// A tenant's job took so many seconds more than was predicted, or fewer.
    mutating func correct(by seconds: Double, for tenant: String) {
        shares.correct(by: seconds, for: tenant)
        place(tenant)
    }

    /// Puts a tenant where its turn is.
    private mutating func place(_ tenant: String) {
        guard let lane = lanes[tenant] else { return }
        if let turn = lane.turn {
            if turn.end == nil { level.remove(turn) } else { ahead.remove(turn) }
        }
        guard let first = lane.jobs.entries.first else {
            lanes[tenant] = nil
            return
        }
        let end = shares.isAhead(tenant) ? shares.start(of: tenant) : nil
        let turn = Turn(end: end, due: first.due, number: first.id.number, tenant: tenant)
        if end == nil { level.insert(turn) } else { ahead.insert(turn) }
        lanes[tenant]?.turn = turn
    }

    // MARK: Reading

    /// Whether all stand where their turns are, for tests. It costs O(n log n).
    var isConsistent: Bool {
        var placed = self
        placed.removeAll()
        for (tenant, lane) in lanes {
            for entry in lane.jobs.entries { placed.insert(entry, of: tenant) }
        }
        return placed.load == load && placed.level.elementsEqual(level) && placed.ahead.elementsEqual(ahead)
    }

    /// The jobs of each tenant, in the order of their turns.
    var inOrder: Order { Order(lanes: lanes, level: level.makeIterator(), ahead: ahead.makeIterator()) }

    /// Walks through the tenants.
    struct Order: IteratorProtocol {
        fileprivate let lanes: [String: Lane]
        fileprivate var level: SortedChunks<Turn>.Iterator
        fileprivate var ahead: SortedChunks<Turn>.Iterator

        mutating func next() -> ArraySlice<SortedJobs.Entry>? {
            guard let turn = level.next() ?? ahead.next() else { return nil }
            return lanes[turn.tenant]?.jobs.entries[...]
        }
    }

    /// The tenants that wait.
    var tenants: some Collection<String> { lanes.keys }

    /// The jobs of a tenant; `nil` if it has none.
    subscript(tenant: String) -> SortedJobs? { lanes[tenant]?.jobs }
}
