/// The waiting jobs of one class in a forecast, and which tenant's turn it is, as `FairShare` has it.
struct ForecastLanes {
    /// A job that comes beside the waiting ones: the new job, or a later job of a stream.
    struct Comer: Comparable {
        let due: Instant
        let number: UInt64
        let units: Int
        /// The index of its stream's later jobs; `nil` if it has none.
        let parts: Int?
        /// Whether it is the new job.
        let isFirst: Bool

        init(due: Instant, number: UInt64, units: Int, parts: Int?, isFirst: Bool) {
            self.due = due
            self.number = number
            self.units = units
            self.parts = parts
            self.isFirst = isFirst
        }

        /// The new job.
        init(_ entry: SortedJobs.Entry, following parts: Int?) {
            self.init(due: entry.due, number: entry.id.number, units: entry.units, parts: parts, isFirst: true)
        }

        static func < (left: Comer, right: Comer) -> Bool { (left.due, left.number) < (right.due, right.number) }
    }

    private struct Lane {
        let key: JobQueue.Key
        let weight: Double
        /// Up to where it has been given something.
        var end: Double
        var entries: ArraySlice<SortedJobs.Entry> = []
        var comers = MinHeap<Comer>()
        /// Whether it takes part in the turns.
        var isQueued = false

        /// The due time and the number of the job that is due first.
        var first: (due: Instant, number: UInt64)? {
            guard let entry = entries.first, !isComerFirst else { return comers.first.map { ($0.due, $0.number) } }
            return (entry.due, entry.id.number)
        }

        private var isComerFirst: Bool {
            guard let comer = comers.first else { return false }
            return entries.first.map { (comer.due, comer.number) < ($0.due, $0.id.number) } ?? true
        }

        /// Takes the job that is due first.
        mutating func take() -> ForecastStep? {
            if !isComerFirst, let entry = entries.popFirst() { return ForecastStep(entry, key: key) }
            return comers.removeFirst().map { ForecastStep($0) }
        }
    }

    /// A tenant that has had least, by its job that is due first.
    private struct Ready: Comparable {
        let due: Instant
        let number: UInt64
        let lane: Int

        static func < (left: Ready, right: Ready) -> Bool { (left.due, left.number) < (right.due, right.number) }
    }

    /// A tenant that has had more than others.
    private struct Ahead: Comparable {
        let end: Double
        let lane: Int

        static func < (left: Ahead, right: Ahead) -> Bool { left.end < right.end }
    }

    /// The virtual time at which the class comes next.
    private(set) var start: Double
    private(set) var load = Load()
    private let jobClass: JobClass
    private let weight: Double
    private let shares: FairShare<String>
    /// The virtual time among its tenants.
    private var time = 0.0
    private var lanes: [Lane] = []
    private var indices: [String: Int] = [:]
    private var ready = MinHeap<Ready>()
    private var ahead = MinHeap<Ahead>()

    init(_ jobClass: JobClass, _ queue: JobQueue) {
        self.jobClass = jobClass
        start = queue.classShares.start(of: jobClass)
        weight = queue.classShares.weight(of: jobClass)
        shares = queue[jobClass].shares
        load = queue[jobClass].load
        for tenant in queue[jobClass].tenants {
            lanes[lane(of: tenant)].entries = queue[jobClass][tenant]?.entries[...] ?? []
        }
    }

    var isEmpty: Bool { ready.isEmpty && ahead.isEmpty }

    private mutating func lane(of tenant: String) -> Int {
        if let index = indices[tenant] { return index }
        indices[tenant] = lanes.count
        let key = JobQueue.Key(jobClass: jobClass, tenant: tenant)
        lanes.append(Lane(key: key, weight: shares.weight(of: tenant), end: shares.start(of: tenant)))
        return lanes.count - 1
    }

    /// All that waits is there.
    mutating func begin() {
        for index in lanes.indices { queue(index) }
    }

    /// Something comes.
    mutating func add(_ comer: Comer, of tenant: String) {
        let index = lane(of: tenant)
        lanes[index].comers.insert(comer)
        queue(index)
    }

    /// A tenant takes part in the turns if it has something.
    private mutating func queue(_ index: Int) {
        guard !lanes[index].isQueued, lanes[index].first != nil else { return }
        lanes[index].isQueued = true
        ahead.insert(Ahead(end: lanes[index].end, lane: index))
    }

    /// Takes the job that is served next.
    mutating func next(pace: Pace) -> ForecastStep? {
        // Those that have had least take turns; among them, the job that is due first goes first.
        if ready.isEmpty, let least = ahead.first { time = max(time, least.end) }
        while let next = ahead.first, next.end <= time, let first = lanes[next.lane].first {
            _ = ahead.removeFirst()
            ready.insert(Ready(due: first.due, number: first.number, lane: next.lane))
        }
        guard let turn = ready.removeFirst() else { return nil }
        lanes[turn.lane].isQueued = false
        guard let step = lanes[turn.lane].take() else { return nil }
        let seconds = pace.mean(units: step.units)
        start += seconds / weight
        lanes[turn.lane].end = max(time, lanes[turn.lane].end) + seconds / lanes[turn.lane].weight
        queue(turn.lane)
        return step
    }
}
