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
    private var classShares: FairShare<JobClass>
    private var tenantShares: [JobClass: FairShare<String>]

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

    /// Something that wants slots.
    private struct Demand {
        let entry: SortedJobs.Entry
        let isStream: Bool
        let isNew: Bool
    }

    /// How long all that waits of a class takes, in seconds, and of how many tenants it is.
    func load(of jobClass: JobClass) -> (seconds: Double, tenants: Int) {
        let tenants = waiting[jobClass] ?? [:]
        return (tenants.values.reduce(0) { $0 + $1.seconds }, tenants.count)
    }

    /// How long the jobs take that would be started before one that came now, in seconds.
    /// - Parameters:
    ///   - due: when that one should be done.
    ///   - later: what each tenant will want before then beside what waits, in seconds.
    func secondsAhead(of key: Key, due: Instant, later: [Key: Double] = [:]) -> Double {
        let shares = tenantShares[key.jobClass] ?? FairShare(weights: [:])
        var ahead = seconds(of: key, dueBefore: due) + later[key, default: 0]
        let turn = shares.start(of: key.tenant) + ahead / shares.weight(of: key.tenant)
        for other in keys(later) where other.jobClass == key.jobClass && other != key {
            let start = shares.start(of: other.tenant)
            if start < turn {
                let share = (turn - start) * shares.weight(of: other.tenant)
                let first = waiting[other.jobClass]?[other.tenant]?.entries.first?.seconds ?? 0
                ahead += min(seconds(of: other) + later[other, default: 0], max(share, first))
            } else if start == turn {
                // Among equals, one each.
                let first = waiting[other.jobClass]?[other.tenant]?.entries.first
                if let first, first.due <= due { ahead += first.seconds }
            }
        }
        return ahead + secondsOfOthers(ahead: ahead, of: key.jobClass, later)
            + returned.reduce(0) { $0 + $1.seconds }
    }

    /// By how much some job of one tenant and class would be done later than it has to be if more came, in seconds;
    /// negative if none. Jobs of others get between them what is theirs.
    /// - Parameters:
    ///   - job: what would come.
    ///   - streams: what is still to come of streams, each as if it were one job that many slots work on; that of the
    ///     new job is new.
    ///   - busy: how long what runs goes on, in seconds.
    ///   - slots: that work on it all.
    func lateness(
        adding job: SortedJobs.Entry,
        _ key: Key,
        streams: [(entry: SortedJobs.Entry, isNew: Bool)],
        busy: Double,
        slots: Double,
        now: Instant
    ) -> Double {
        let jobs = waiting[key.jobClass]?[key.tenant]?.entries ?? []
        let demands =
            jobs.map { Demand(entry: $0, isStream: false, isNew: false) }
            + streams.map { Demand(entry: $0.entry, isStream: true, isNew: $0.isNew) }
            + [Demand(entry: job, isStream: false, isNew: true)]
        let entries = demands.sorted { $0.entry.due < $1.entry.due }
        // Who has to share gets on more slowly by what the others get.
        let own = entries.reduce(0) { $0 + $1.entry.seconds }
        let others = secondsAhead(of: key, due: entries[entries.count - 1].entry.due) - seconds(of: key)
        let growth = own > 0 ? 1 + max(0, others) / own : 1
        // How many parts of one stream are worked on at once.
        let width = max(1, slots / Double(max(1, streams.count)))
        func end(_ demand: Demand, after ahead: Double) -> Double {
            // The parts of a stream are done beside what is ahead of its end, a job after it.
            let (begin, seconds) = ((busy + ahead * growth) / slots, demand.entry.seconds)
            return demand.isStream ? max(begin + seconds / slots, seconds / width) : begin + seconds
        }
        // What is ahead with what would come, and without it.
        var (ahead, before, latest) = (0.0, 0.0, -Double.infinity)
        for demand in entries {
            let left = now.duration(to: demand.entry.latest) / .seconds(1)
            // A stream that is too late anyway, on an engine slower than speech, is no reason to refuse others.
            if demand.isNew || !demand.isStream || end(demand, after: before) <= left {
                latest = max(latest, end(demand, after: ahead) - left)
            }
            ahead += demand.entry.seconds
            if !demand.isNew { before += demand.entry.seconds }
        }
        return latest
    }

    /// What the other classes get before one has got so many seconds.
    private func secondsOfOthers(ahead: Double, of jobClass: JobClass, _ later: [Key: Double]) -> Double {
        let turn = classShares.start(of: jobClass) + ahead / classShares.weight(of: jobClass)
        return JobClass.allCases.reduce(0) { sum, other in
            let start = classShares.start(of: other)
            guard other != jobClass, start < turn else { return sum }
            let all = keys(later).lazy.filter { $0.jobClass == other }
                .reduce(0) { $0 + self.seconds(of: $1) + later[$1, default: 0] }
            return sum + min(all, (turn - start) * classShares.weight(of: other))
        }
    }

    private func keys(_ later: [Key: Double]) -> Set<Key> {
        waiting.reduce(into: Set(later.keys)) { keys, level in
            for tenant in level.value.keys { keys.insert(Key(jobClass: level.key, tenant: tenant)) }
        }
    }

    func seconds(of key: Key) -> Double { waiting[key.jobClass]?[key.tenant]?.seconds ?? 0 }

    private func seconds(of key: Key, dueBefore due: Instant) -> Double {
        waiting[key.jobClass]?[key.tenant]?.seconds(dueBefore: due) ?? 0
    }
}
