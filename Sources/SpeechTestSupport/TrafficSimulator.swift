package import PoolCore

/// Lets utterances come to a `Pool` in virtual time, whose workers do what they are asked and nothing else: so what
/// comes of it is the doing of the pool's policy. The same plan, configuration and seed give the same result.
///
/// Utterances are cut and submitted as the pipeline does it, with the same `UtteranceWindow`. News between a listener
/// and the pool takes a moment each way, as in the server, so neither acts on what the other has just decided.
package struct TrafficSimulator: Sendable {
    enum Event: Sendable {
        /// The utterance is asked for.
        case ask(Int)
        /// A client that waits for its answers begins anew.
        case begin(Client)
        /// A job comes to the pool, unless its utterance has been asked for anew since.
        case submit(Int, stream: StreamID)
        /// The next audio of a job.
        case chunk(Int)
        /// A listener takes what there is, unless its utterance has been asked for anew since.
        case hear(Int, stream: StreamID)
        case timer(TimerID)
        /// The client leaves, or its deadline passes, unless it has asked anew.
        case giveUp(Int, stream: StreamID, TrafficUtterance.Outcome)
    }

    /// One of a source's clients, and how often it has begun.
    struct Client: Sendable {
        let source: Int
        let number: Int
        var begun = 0
    }

    var pool: Pool
    let plan: TrafficPlan
    let seed: UInt64
    var now = Instant.start
    var events = TrafficQueue<Event>()
    var talks: [Talk] = []
    /// All jobs; an index is a job's number.
    var works: [Work] = []
    /// What runs where.
    var running: [SlotID: Int] = [:]
    /// Timers that are set.
    var timers: Set<TimerID> = []
    var streamsMade: UInt64 = 0
    /// Segments beyond the head that all utterances together have submitted.
    var lookahead = 0
    var result = TrafficResult()
    private var pending: [PoolAction] = []
    private var isPerforming = false

    /// - Parameters:
    ///   - configuration: with one engine. All its instances are there from the beginning, with one slot each.
    ///   - seed: for the utterances, and for the pool's jitter.
    package init(_ configuration: PoolConfiguration, plan: TrafficPlan, seed: UInt64) {
        pool = Pool(configuration: configuration, seed: seed)
        self.plan = plan
        self.seed = seed
        perform(pool.started(now: now))
        result.slots = pool.readySlots(engine: 0)
        result.seconds = plan.seconds - plan.warmUpSeconds
        for source in plan.sources.indices { addArrivals(of: source) }
    }

    /// A pool of so many instances of one engine, in which nothing is in the way but its policy.
    package static func configuration(instances: Int, order: PoolConfiguration.Order) -> PoolConfiguration {
        let engine = PoolConfiguration.Engine(
            name: "engine",
            placements: [.init(device: "cpu", maximum: instances)],
            instances: instances...instances,
            maxRunning: instances
        )
        var configuration = PoolConfiguration(engines: [engine])
        configuration.order = order
        return configuration
    }

    /// An utterance that comes whatever becomes of the others.
    package struct Arrival: Sendable, Encodable {
        /// Index into `TrafficPlan.sources`.
        package var source: Int
        /// When it comes, in seconds.
        package var at: Double
        /// The size of its text.
        package var units: Int
    }

    /// The utterances that are known to come before anything has happened, in the order of their coming.
    package var arrivals: [Arrival] {
        talks.map { Arrival(source: $0.record.source, at: $0.record.arrivedAt, units: $0.record.units) }
            .sorted { $0.at < $1.at }
    }

    /// Lets everything happen, in its order.
    package mutating func run() -> TrafficResult {
        let end = Instant.start.advanced(by: .seconds(plan.seconds))
        while let next = events.next, plan.finishes || next <= end, let (at, event) = events.pop() {
            now = at
            take(event)
        }
        for job in running.values.sorted() { count(works[job]) }
        result.utterances = talks.filter { isCounted($0.record) }.map(\.record)
        return result
    }

    // MARK: What happens

    private mutating func take(_ event: Event) {
        switch event {
        case .ask(let talk): ask(talk)
        case .begin(let client): begin(client)
        case .submit(let job, let stream): submit(job, stream: stream)
        case .chunk(let job): makeChunk(job)
        case .hear(let talk, let stream): if talks[talk].stream == stream { hear(talk) }
        case .timer(let timer): if timers.remove(timer) != nil { perform(pool.timerFired(timer, now: now)) }
        case .giveUp(let talk, let stream, let outcome): if talks[talk].stream == stream { close(talk, outcome) }
        }
    }

    // MARK: What the pool asks for

    /// Does what the pool decided, in order.
    mutating func perform(_ actions: [PoolAction]) {
        pending += actions
        guard !isPerforming else { return }
        isPerforming = true
        while !pending.isEmpty {
            let batch = pending
            pending = []
            for action in batch { perform(action) }
        }
        isPerforming = false
    }

    private mutating func perform(_ action: PoolAction) {
        switch action {
        case .spawn(let process, _, _, _): perform(pool.processSpawned(process, now: now))
        case .open(let slot):
            leave(slot)
            perform(pool.slotOpened(slot, declared: SlotDeclaration(obeysCancel: true), now: now))
        case .measure(let slot): perform(pool.measured(slot.process, now: now))
        case .run(let job, let slot): run(Int(job.number), on: slot)
        case .interrupt(let slot):
            if let job = running[slot] { works[job].isInterrupted = true }
        case .end(let job, let end): self.end(Int(job.number), end)
        case .setTimer(let timer, let at):
            timers.insert(timer)
            events.insert(.timer(timer), at: at)
        case .cancelTimer(let timer): timers.remove(timer)
        case .limit, .release, .readMemory, .terminate, .abort, .kill, .drained, .ask, .rehearse, .reportParked,
            .reportRolledBack, .reportStartFailed:
            break
        }
    }
}
