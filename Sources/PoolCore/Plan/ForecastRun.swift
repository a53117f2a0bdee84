/// A loaded pool at work: utterances come, wait, are spoken and end, as fast as one can calculate.
///
/// An utterance is one job, as long as its text. All that run on a device at one moment are equally fast, however many
/// they are; so the device's clock, which counts the audio that each of them makes, says who is next to end.
struct ForecastRun {
    private var pool: Pool
    private let traffic: ForecastTraffic
    private var random: SplitMix64
    private var floors: [WorkFloor]
    /// When each utterance came, in seconds; its index is its job's number.
    private var arrivals: [Double] = []
    /// The length of the text of each, in units.
    private var lengths: [Double] = []
    private var timers: [TimerID: Instant] = [:]
    private var waits: [Double] = []
    private var refused = 0

    init(pool: Pool, traffic: ForecastTraffic, seed: UInt64) {
        self.pool = pool
        self.traffic = traffic
        random = SplitMix64(seed: seed)
        // Where the engine is not, nothing of it runs.
        floors = pool.devices.map { WorkFloor(traffic.speeds[$0.name] ?? .measured([])) }
    }

    /// Those that come before the first that is counted.
    private var uncounted: Int { traffic.count / 10 }

    /// Lets everything happen, in its order.
    mutating func finish() -> ForecastWaits {
        var next = random.exponential() / traffic.utterancesPerSecond
        while true {
            let arrival = arrivals.count < uncounted + traffic.count ? next : .infinity
            let end = floors.map(\.nextEnd).min() ?? .infinity
            let timer = timers.min { ($0.value, $0.key.number) < ($1.value, $1.key.number) }
            let due = timer.map { $0.value.sinceStart / .seconds(1) } ?? .infinity
            switch min(arrival, end, due) {
            case .infinity:
                return result
            case due:
                guard let (timer, at) = timer else { return result }
                timers[timer] = nil
                apply(pool.timerFired(timer, now: at), now: due)
            case end:
                endNext(now: end)
            default:
                arrive(now: arrival)
                next = arrival + random.exponential() / traffic.utterancesPerSecond
            }
        }
    }

    private var result: ForecastWaits {
        let sorted = waits.sorted()
        let mean = sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count)
        let p95 = sorted.isEmpty ? 0 : sorted[sorted.count * 95 / 100]
        return ForecastWaits(
            mean: .seconds(mean),
            p95: .seconds(p95),
            refused: Double(refused) / Double(max(1, traffic.count))
        )
    }

    private mutating func arrive(now: Double) {
        let job = JobID(UInt64(arrivals.count))
        arrivals.append(now)
        lengths.append(traffic.texts.units(using: &random))
        let units = max(1, Int(lengths[lengths.count - 1]))
        let request = JobRequest(id: job, engine: traffic.engine, tenant: "", units: units)
        switch pool.jobArrived(request, now: moment(now)) {
        case .accepted(let actions): apply(actions, now: now)
        case .refused: if isCounted(job) { refused += 1 }
        }
    }

    private mutating func endNext(now: Double) {
        guard let floor = floors.indices.min(by: { floors[$0].nextEnd < floors[$1].nextEnd }) else { return }
        let work = floors[floor].removeNext(now: now)
        apply(pool.jobEnded(work.job, on: work.slot, outcome: .completed, now: moment(now)), now: now)
    }

    private mutating func apply(_ actions: [PoolAction], now: Double) {
        for action in actions {
            switch action {
            case .run(let job, let slot):
                let index = Int(job.number)
                let audio = traffic.audioSeconds * lengths[index] / ForecastTexts.meanUnits
                floors[pool.instances[slot.process.instance.index].device].add(job, slot, audio: audio, now: now)
                if isCounted(job) { waits.append(now - arrivals[index]) }
            case .end(_, .completed): break
            case .end(let job, _): if isCounted(job) { refused += 1 }
            case .setTimer(let timer, let at): timers[timer] = at
            case .cancelTimer(let timer): timers[timer] = nil
            case .spawn, .open, .measure, .limit, .release, .readMemory, .interrupt, .terminate, .abort, .kill,
                .drained,
                .ask, .rehearse, .reportParked, .reportRolledBack, .reportStartFailed:
                break
            }
        }
    }

    private func isCounted(_ job: JobID) -> Bool { job.number >= UInt64(uncounted) }

    private func moment(_ seconds: Double) -> Instant { Instant(sinceStart: .seconds(seconds)) }
}

/// A device at work.
private struct WorkFloor {
    /// What runs, and what the clock will say when it ends.
    private var running: [(job: JobID, slot: SlotID, end: Double)] = []
    /// The audio that each of those that run has made since the beginning.
    private var clock = 0.0
    private var readAt = 0.0
    private let speed: ForecastSpeed
    /// When the next one ends.
    private(set) var nextEnd = Double.infinity

    init(_ speed: ForecastSpeed) {
        self.speed = speed
    }

    mutating func add(_ job: JobID, _ slot: SlotID, audio: Double, now: Double) {
        pass(to: now)
        running.append((job, slot, clock + audio))
        look()
    }

    mutating func removeNext(now: Double) -> (job: JobID, slot: SlotID, end: Double) {
        pass(to: now)
        guard let next = running.indices.min(by: { running[$0].end < running[$1].end }) else {
            preconditionFailure("only what runs ends")
        }
        defer { look() }
        return running.remove(at: next)
    }

    /// Seconds of audio that each makes in a second.
    private var rate: Double { speed.audioPerSecond(running: running.count) / Double(running.count) }

    private mutating func pass(to now: Double) {
        if !running.isEmpty { clock += rate * (now - readAt) }
        readAt = now
    }

    private mutating func look() {
        let end = running.map(\.end).min()
        nextEnd = end.map { readAt + max(0, $0 - clock) / rate } ?? .infinity
    }
}
