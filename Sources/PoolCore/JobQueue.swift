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
    /// What waits, by class and tenant; no empty ones.
    private(set) var waiting: [JobClass: [String: SortedJobs]] = [:]
    private(set) var count = 0
    private(set) var classShares: FairShare<JobClass>
    private(set) var tenantShares: [JobClass: FairShare<String>]

    init(classWeights: [JobClass: Double], tenantWeights: [String: Double]) {
        classShares = FairShare(weights: classWeights)
        tenantShares = Dictionary(
            uniqueKeysWithValues: JobClass.allCases.map { ($0, FairShare(weights: tenantWeights)) }
        )
    }

    /// Shares are others from now on.
    mutating func setWeights(classes: [JobClass: Double], tenants: [String: Double]) {
        classShares.weights = classes
        for jobClass in JobClass.allCases { tenantShares[jobClass]?.weights = tenants }
    }

    var isEmpty: Bool { count == 0 }

    // MARK: Coming and going

    mutating func insert(_ entry: SortedJobs.Entry, _ key: Key) {
        waiting[key.jobClass, default: [:]][key.tenant, default: SortedJobs()].insert(entry)
        count += 1
    }

    /// For a job that has lost its instance.
    mutating func giveBack(_ entry: SortedJobs.Entry) {
        returned.append(entry)
        count += 1
    }

    mutating func remove(_ id: JobID, due: Instant, _ key: Key) {
        if let index = returned.firstIndex(where: { $0.id == id }) {
            returned.remove(at: index)
            count -= 1
        } else if waiting[key.jobClass]?[key.tenant]?.remove(id, due: due) == true {
            count -= 1
            if waiting[key.jobClass]?[key.tenant]?.isEmpty == true { waiting[key.jobClass]?[key.tenant] = nil }
        }
    }

    mutating func removeAll() {
        returned = []
        waiting = [:]
        count = 0
    }

    // MARK: Shares

    /// A job begins that is predicted to take so many seconds.
    mutating func began(_ key: Key, seconds: Double) {
        classShares.give(seconds, to: key.jobClass)
        tenantShares[key.jobClass]?.give(seconds, to: key.tenant)
    }

    /// A job took so many seconds more than was predicted, or fewer.
    mutating func ended(_ key: Key, moreSeconds: Double) {
        classShares.correct(by: moreSeconds, for: key.jobClass)
        tenantShares[key.jobClass]?.correct(by: moreSeconds, for: key.tenant)
    }

    // MARK: Order

    /// The jobs in the order in which they are to be started. The further ones cost more to find than the first.
    var inOrder: Order { Order(self) }

    /// Walks through a queue.
    struct Order: Sequence, IteratorProtocol {
        private let queue: JobQueue
        private var classes: ArraySlice<JobClass>
        private var jobClass = JobClass.interactive
        /// Those of the class that have not had their turn.
        private var tenants: [String] = []
        private var entries: ArraySlice<SortedJobs.Entry>

        fileprivate init(_ queue: JobQueue) {
            self.queue = queue
            classes = queue.classesInOrder[...]
            entries = queue.returned[...]
        }

        mutating func next() -> JobID? {
            while entries.isEmpty {
                if let index = queue.nextTenant(of: jobClass, among: tenants) {
                    entries = queue.waiting[jobClass]?[tenants.remove(at: index)]?.entries[...] ?? []
                } else if let next = classes.popFirst() {
                    jobClass = next
                    tenants = queue.waiting[next].map { Array($0.keys) } ?? []
                } else {
                    return nil
                }
            }
            return entries.removeFirst().id
        }

        /// Leaves out what is left of the one whose job came last.
        mutating func skipTenant() { entries = [] }
    }

    private var classesInOrder: [JobClass] {
        JobClass.allCases.filter { waiting[$0]?.isEmpty == false }
            .sorted { (classShares.start(of: $0), $0) < (classShares.start(of: $1), $1) }
    }

    /// Who of a class comes next: who has had the least, and among equals whose job is due first.
    private func nextTenant(of jobClass: JobClass, among tenants: [String]) -> Int? {
        guard tenants.count > 1 else { return tenants.indices.first }
        return tenants.indices.min { precedes(tenants[$0], tenants[$1], in: jobClass) }
    }

    private func precedes(_ one: String, _ other: String, in jobClass: JobClass) -> Bool {
        guard let shares = tenantShares[jobClass] else { return false }
        let starts = (shares.start(of: one), shares.start(of: other))
        if starts.0 != starts.1 { return starts.0 < starts.1 }
        guard let first = waiting[jobClass]?[one]?.entries.first, let second = waiting[jobClass]?[other]?.entries.first
        else { return false }
        return (first.due, first.id.number) < (second.due, second.id.number)
    }

    // MARK: Foresight

    /// How long the jobs take that would be started before one that came now, in seconds.
    /// - Parameters:
    ///   - due: when that one should be done.
    ///   - later: what each tenant will want before then beside what waits, in seconds.
    func secondsAhead(of key: Key, due: Instant, later: [Key: Double] = [:], pace: Pace) -> Double {
        let shares = tenantShares[key.jobClass] ?? FairShare(weights: [:])
        var ahead = pace.mean(load(of: key, dueBefore: due)) + later[key, default: 0]
        let turn = shares.start(of: key.tenant) + ahead / shares.weight(of: key.tenant)
        for other in keys(later) where other.jobClass == key.jobClass && other != key {
            let start = shares.start(of: other.tenant)
            let first = waiting[other.jobClass]?[other.tenant]?.entries.first
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
        waiting.reduce(into: Set(later.keys)) { keys, level in
            for tenant in level.value.keys { keys.insert(Key(jobClass: level.key, tenant: tenant)) }
        }
    }

    /// When the first of what waits of a class and tenant has to be begun, far in the future if nothing has; `nil` if
    /// there are deadlines, of which that says too little.
    func beginBy(of key: Key) -> Instant? {
        var first = Instant(sinceStart: .seconds(Int64.max))
        for entry in waiting[key.jobClass]?[key.tenant]?.entries ?? [] {
            guard entry.doneBy == nil else { return nil }
            if let beginBy = entry.beginBy { first = min(first, beginBy) }
        }
        return first
    }

    /// The waiting jobs of a class and tenant.
    func load(of key: Key) -> Load { waiting[key.jobClass]?[key.tenant]?.load ?? Load() }

    /// All that waits.
    var load: Load {
        let lanes = waiting.values.lazy.flatMap(\.values).map(\.load)
        return (lanes + returned.map(\.load)).reduce(into: Load()) { $0 += $1 }
    }

    private func load(of key: Key, dueBefore due: Instant) -> Load {
        waiting[key.jobClass]?[key.tenant]?.load(dueBefore: due) ?? Load()
    }
}
