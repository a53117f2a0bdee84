/// The jobs of one engine that wait, and who of them comes next: who has lost his instance first, then by class, then
/// by tenant, then by when it is due.
struct JobQueue {
    /// Whose turn a job waits for.
    struct Key: Hashable {
        let jobClass: JobClass
        let tenant: String
    }

    /// Failed by their instances' fault. They have had their turn, and it was not theirs that nothing came of it.
    private(set) var returned: [SortedJobs.Entry] = []
    /// The waiting jobs, by the class's number.
    private var classes: [TenantLanes]
    private(set) var count = 0
    /// All waiting jobs together.
    private(set) var load = Load()
    /// All running jobs together.
    private(set) var running = Load()
    private(set) var classShares: FairShare<JobClass>

    init(classWeights: [JobClass: Double], tenantWeights: [String: Double]) {
        classShares = FairShare(weights: classWeights)
        classes = JobClass.allCases.map { _ in TenantLanes(weights: tenantWeights) }
    }

    /// The waiting jobs of a class.
    private(set) subscript(jobClass: JobClass) -> TenantLanes {
        _read { yield classes[jobClass.rawValue] }
        _modify { yield &classes[jobClass.rawValue] }
    }

    /// Shares are others from now on.
    mutating func setWeights(classes weights: [JobClass: Double], tenants: [String: Double]) {
        classShares.weights = weights
        for index in classes.indices { classes[index].setWeights(tenants) }
    }

    var isEmpty: Bool { count == 0 }

    // MARK: Checking

    /// Whether what is kept is what counting gives, for tests. It costs O(n log n).
    var isConsistent: Bool {
        let all = returned + classes.flatMap { lanes in lanes.tenants.flatMap { lanes[$0]?.entries ?? [] } }
        return all.count == count && all.reduce(into: Load()) { $0 += $1.load } == load
            && classes.allSatisfy(\.isConsistent)
    }

    // MARK: Coming and going

    mutating func insert(_ entry: SortedJobs.Entry, _ key: Key) {
        self[key.jobClass].insert(entry, of: key.tenant)
        count += 1
        load += entry.load
    }

    /// For a job that has lost its instance.
    mutating func giveBack(_ entry: SortedJobs.Entry) {
        returned.append(entry)
        count += 1
        load += entry.load
    }

    mutating func remove(_ id: JobID, due: Instant, _ key: Key) {
        var removed = self[key.jobClass].remove(id, due: due, of: key.tenant)
        if removed == nil, let index = returned.firstIndex(where: { $0.id == id }) {
            removed = returned.remove(at: index).load
        }
        guard let removed else { return }
        count -= 1
        load -= removed
    }

    mutating func removeAll() {
        returned = []
        for index in classes.indices { classes[index].removeAll() }
        count = 0
        load = Load()
    }

    // MARK: Shares

    /// A job begins that is predicted to take so many seconds.
    mutating func began(_ key: Key, units: Int, seconds: Double) {
        classShares.give(seconds, to: key.jobClass)
        self[key.jobClass].give(seconds, to: key.tenant)
        running += Load(jobs: 1, units: units)
    }

    /// A job took so many seconds more than was predicted, or fewer.
    mutating func ended(_ key: Key, units: Int, moreSeconds: Double) {
        classShares.correct(by: moreSeconds, for: key.jobClass)
        self[key.jobClass].correct(by: moreSeconds, for: key.tenant)
        running -= Load(jobs: 1, units: units)
    }

    // MARK: Order

    /// The jobs in the order in which they are to be started. Each costs about as much as the first.
    var inOrder: Order { Order(self) }

    /// Walks through a queue.
    struct Order: Sequence, IteratorProtocol {
        private var entries: ArraySlice<SortedJobs.Entry>
        private var classes: ArraySlice<TenantLanes.Order>

        fileprivate init(_ queue: JobQueue) {
            entries = queue.returned[...]
            classes = queue.classesInOrder.map { queue[$0].inOrder }[...]
        }

        mutating func next() -> JobID? {
            while entries.isEmpty {
                guard let first = classes.indices.first else { return nil }
                if let next = classes[first].next() { entries = next } else { classes.removeFirst() }
            }
            return entries.removeFirst().id
        }

        /// Leaves out what is left of the one whose job came last.
        mutating func skipTenant() { entries = [] }
    }

    private var classesInOrder: [JobClass] {
        JobClass.allCases.filter { !self[$0].isEmpty }
            .sorted { (classShares.start(of: $0), $0) < (classShares.start(of: $1), $1) }
    }

    // MARK: Foresight

    /// How long the jobs take that would be started before one that came now, in seconds.
    /// - Parameters:
    ///   - due: when that one should be done.
    ///   - later: what each tenant will want before then beside what waits, in seconds.
    func secondsAhead(of key: Key, due: Instant, later: [Key: Double] = [:], pace: Pace) -> Double {
        let shares = self[key.jobClass].shares
        var ahead = pace.mean(load(of: key, dueBefore: due)) + later[key, default: 0]
        let turn = shares.start(of: key.tenant) + ahead / shares.weight(of: key.tenant)
        for other in keys(later) where other.jobClass == key.jobClass && other != key {
            let start = shares.start(of: other.tenant)
            let first = self[other.jobClass][other.tenant]?.entries.first
            if start < turn {
                let share = (turn - start) * shares.weight(of: other.tenant)
                let all = pace.mean(load(of: other)) + later[other, default: 0]
                ahead += min(all, max(share, pace.mean(units: first?.units ?? 0)))
            } else if start == turn, let first, first.due <= due {
                // Among equals, one each.
                ahead += pace.mean(units: first.units)
            }
        }
        return ahead + secondsOfOthers(ahead: ahead, of: key.jobClass, later, pace: pace)
            + returned.reduce(0) { $0 + pace.mean(units: $1.units) }
    }

    /// What the other classes get before one has got so many seconds.
    private func secondsOfOthers(
        ahead: Double,
        of jobClass: JobClass,
        _ later: [Key: Double],
        pace: Pace
    ) -> Double {
        let turn = classShares.start(of: jobClass) + ahead / classShares.weight(of: jobClass)
        return JobClass.allCases.reduce(0) { sum, other in
            let start = classShares.start(of: other)
            guard other != jobClass, start < turn else { return sum }
            let all = keys(later).lazy.filter { $0.jobClass == other }
                .reduce(0) { $0 + pace.mean(load(of: $1)) + later[$1, default: 0] }
            return sum + min(all, (turn - start) * classShares.weight(of: other))
        }
    }

    private func keys(_ later: [Key: Double]) -> Set<Key> {
        JobClass.allCases.reduce(into: Set(later.keys)) { keys, jobClass in
            for tenant in self[jobClass].tenants { keys.insert(Key(jobClass: jobClass, tenant: tenant)) }
        }
    }

    /// When the first of what waits of a class and tenant has to be begun, far in the future if nothing has; `nil` if
    /// there are deadlines, of which that says too little.
    func beginBy(of key: Key) -> Instant? {
        var first = Instant(sinceStart: .seconds(Int64.max))
        for entry in self[key.jobClass][key.tenant]?.entries ?? [] {
            guard entry.doneBy == nil else { return nil }
            if let beginBy = entry.beginBy { first = min(first, beginBy) }
        }
        return first
    }

    /// The waiting jobs of a class and tenant.
    func load(of key: Key) -> Load { self[key.jobClass][key.tenant]?.load ?? Load() }

    private func load(of key: Key, dueBefore due: Instant) -> Load {
        self[key.jobClass][key.tenant]?.load(dueBefore: due) ?? Load()
    }
}
