/// Runs a queue forward in the order in which it would be served, to see when a new job would be begun and done, and
/// which others would be late because of it.
///
/// Each slot runs one job after the other: the one that runs now until its p90, the others for their mean time. The
/// begins and ends that are reported are p90, up to `maxSteps`. The later jobs of a stream come one by one: each comes
/// when an earlier one is done, as the pipeline submits them. A forecast costs O(n log n) in the waiting jobs, and is
/// bounded by `maxSteps`.
struct QueueForecast {
    /// Jobs that are run forward at most. After that, the new job is taken to come when the rest is done, shared out
    /// evenly over the slots.
    static let maxSteps = 2_048

    /// How long after a job's end the next one of its stream comes, in seconds: it has to be heard first, and
    /// submitted. Until then the slot has gone to another.
    private static let newsDelay = 0.002

    /// A slot, as it is now.
    struct SlotOutlook {
        /// When it is free, in seconds from now.
        var free: Double
        /// The stream that its job is a part of.
        var stream: StreamID?
    }

    /// A job that comes now.
    struct Newcomer {
        let entry: SortedJobs.Entry
        let key: JobQueue.Key
        /// The stream that it begins; `nil` if no jobs follow it.
        let stream: JobStream?
        /// How many of the stream's later jobs come at once with it.
        let laterAtOnce: Int
    }

    /// A forecast for a newcomer.
    struct Outcome: Equatable {
        /// When the new job is begun, in seconds from now.
        var begin = 0.0
        /// When all of its stream is done, in seconds from now. Later jobs count only if the stream has a deadline.
        var end = 0.0
        /// How many time limits other jobs of its tenant and class would miss. A limit counts twice if the mean misses
        /// it, too. One job may miss several.
        var late = 0
        /// By how much the worst of these limits would be missed, in seconds.
        var lateness = 0.0
    }

    /// A later job, which comes when an earlier one of its stream is done.
    private struct Release: Comparable {
        let at: Double
        let parts: Int

        static func < (left: Release, right: Release) -> Bool { (left.at, left.parts) < (right.at, right.parts) }
    }

    private let pace: Pace
    private let now: Instant
    private let own: JobQueue.Key
    private var slots = MinHeap<Double>()
    private let slotCount: Int
    private var returned: ArraySlice<SortedJobs.Entry>
    private var classes: [ForecastLanes]
    /// The later jobs of streams.
    private var parts: [ForecastParts] = []
    private var partsOf: [StreamID: Int] = [:]
    private var releases = MinHeap<Release>()
    /// The jobs that have not been run yet.
    private var left = Load()
    /// How many of these the outcome depends on.
    private var wanted: Int
    /// How many of those are the new job, or later jobs of its stream.
    private var newWanted = 0
    private var outcome = Outcome()

    /// - Parameters:
    ///   - streams: the streams of the engine, with their later jobs.
    ///   - isAdded: whether the new job is added. If not, the outcome tells how late the others are anyway.
    init(
        _ queue: JobQueue,
        slots free: [SlotOutlook],
        streams: some Sequence<(id: StreamID, stream: JobStream)>,
        newcomer: Newcomer,
        isAdded: Bool = true,
        pace: Pace,
        now: Instant
    ) {
        self.pace = pace
        self.now = now
        own = newcomer.key
        slotCount = free.count
        for slot in free { slots.insert(slot.free) }
        returned = queue.returned[...]
        for entry in returned { left += entry.load }
        classes = JobClass.allCases.map { ForecastLanes($0, queue) }
        for one in classes { left += one.load }
        wanted = queue.load(of: own).jobs
        for (id, stream) in streams where stream.later.jobs > 0 {
            partsOf[id] = add(stream, isNew: false)
            // Of some, nothing is on its way just now but the next.
            if !stream.hasOpenJobs { releases.insert(Release(at: 0, parts: parts.count - 1)) }
        }
        for slot in free {
            guard let index = slot.stream.flatMap({ partsOf[$0] }) else { continue }
            releases.insert(Release(at: slot.free + Self.newsDelay, parts: index))
        }
        if isAdded { add(newcomer) }
        for index in classes.indices { classes[index].begin() }
    }

    private mutating func add(_ newcomer: Newcomer) {
        left += newcomer.entry.load
        wanted += 1
        newWanted = 1
        var index: Int?
        if let stream = newcomer.stream {
            let new = add(stream, isNew: true)
            for _ in 0..<min(newcomer.laterAtOnce, stream.later.jobs) { releases.insert(Release(at: 0, parts: new)) }
            index = new
        }
        let comer = ForecastLanes.Comer(newcomer.entry, following: index)
        classes[own.jobClass.rawValue].add(comer, of: own.tenant)
    }

    /// - Returns: its index.
    private mutating func add(_ stream: JobStream, isNew: Bool) -> Int {
        parts.append(ForecastParts(stream: stream, isNew: isNew))
        left += stream.later
        if stream.key == own, stream.deadline != nil {
            wanted += stream.later.jobs
            if isNew { newWanted += stream.later.jobs }
        }
        return parts.count - 1
    }

    /// Runs it.
    mutating func run() -> Outcome {
        var steps = 0
        while wanted > 0, let begin = slots.first {
            guard steps < Self.maxSteps else {
                guard newWanted > 0 else { return outcome }
                let rest = begin + pace.mean(left) / Double(slotCount)
                if outcome.end == 0 { outcome.begin = rest }
                outcome.end = max(outcome.end, rest)
                return outcome
            }
            while let release = releases.first, release.at <= begin { comes(release.parts) }
            guard let step = next() else {
                // The slot is idle until something comes.
                guard let at = releases.first?.at else { return outcome }
                slots.replaceFirst(by: at)
                continue
            }
            steps += 1
            let end = begin + pace.mean(units: step.units)
            slots.replaceFirst(by: end)
            // Of many jobs some take longer and some less, so that what is added up spreads by the root of their
            // number.
            let spread = pace.margin * Double(steps - 1).squareRoot() / Double(slotCount)
            left -= Load(jobs: 1, units: step.units)
            if let index = step.parts ?? step.stream.flatMap({ partsOf[$0] }) {
                releases.insert(Release(at: end + Self.newsDelay, parts: index))
            }
            note(step, begin: begin, end: end, spread: spread)
        }
        return outcome
    }

    /// The next part of a stream comes, if there is one.
    private mutating func comes(_ index: Int) {
        _ = releases.removeFirst()
        guard let part = parts[index].next(pace: pace) else { return }
        let stream = parts[index].stream
        let comer = ForecastLanes.Comer(due: part.due, number: .max, units: part.units, parts: index, isFirst: false)
        classes[stream.key.jobClass.rawValue].add(comer, of: stream.key.tenant)
    }

    /// Takes the job that is served next.
    private mutating func next() -> ForecastStep? {
        if let entry = returned.popFirst() { return ForecastStep(entry) }
        let indices = classes.indices.filter { !classes[$0].isEmpty }
        guard let index = indices.min(by: { classes[$0].start < classes[$1].start }) else { return nil }
        return classes[index].next(pace: pace)
    }

    /// - Parameters:
    ///   - begin, end: by the means.
    ///   - spread: how much later it may be begun.
    private mutating func note(_ step: ForecastStep, begin: Double, end: Double, spread: Double) {
        let latestEnd = end + spread + pace.margin
        if step.isNew {
            outcome.begin = begin + spread
            outcome.end = max(outcome.end, latestEnd)
            wanted -= 1
            newWanted -= 1
        } else if let index = step.parts {
            guard parts[index].stream.key == own, let deadline = parts[index].stream.deadline else { return }
            wanted -= 1
            if parts[index].isNew {
                outcome.end = max(outcome.end, latestEnd)
                newWanted -= 1
            } else {
                noteLateness(of: latestEnd, mean: end, by: parts[index].stream.aim)
                noteLateness(of: latestEnd, mean: end, by: deadline)
            }
        } else if step.key == own, let entry = step.entry {
            wanted -= 1
            noteLateness(of: begin + spread, mean: begin, by: entry.beginBy)
            noteLateness(of: latestEnd, mean: end, by: entry.aim)
            noteLateness(of: latestEnd, mean: end, by: entry.doneBy)
        }
    }

    /// A job that may be late is not to become one that probably is: a limit counts twice if the mean misses it, too.
    private mutating func noteLateness(of moment: Double, mean: Double, by latest: Instant?) {
        guard let latest else { return }
        let limit = now.duration(to: latest) / .seconds(1)
        guard moment > limit else { return }
        outcome.late += mean > limit ? 2 : 1
        outcome.lateness = max(outcome.lateness, moment - limit)
    }
}

/// A job that is run in a forecast.
struct ForecastStep {
    let units: Int
    /// Whose turn it was; `nil` if it has lost its instance.
    var key: JobQueue.Key?
    /// Its entry in the queue; `nil` for a job that has not come to the pool.
    var entry: SortedJobs.Entry?
    /// The index of its stream's later jobs. Only the new job, and jobs that have not come to the pool, have one.
    var parts: Int?
    var isNew = false

    /// The stream of a job that has come to the pool.
    var stream: StreamID? { entry?.stream }

    init(_ entry: SortedJobs.Entry, key: JobQueue.Key? = nil) {
        units = entry.units
        self.entry = entry
        self.key = key
    }

    init(_ comer: ForecastLanes.Comer) {
        units = comer.units
        parts = comer.parts
        isNew = comer.isFirst
    }
}

/// The later jobs of a stream, taken to be of one size.
struct ForecastParts {
    let stream: JobStream
    /// Whether the new job begins it.
    let isNew: Bool
    /// How many have come.
    private var count = 0

    init(stream: JobStream, isNew: Bool) {
        self.stream = stream
        self.isNew = isNew
    }

    /// The next of them comes; `nil` if all have.
    mutating func next(pace: Pace) -> (units: Int, due: Instant)? {
        let (units, jobs) = (stream.later.units, stream.later.jobs)
        guard count < jobs else { return nil }
        count += 1
        return (units * count / jobs - units * (count - 1) / jobs, stream.due(ofLater: count, pace: pace))
    }
}
