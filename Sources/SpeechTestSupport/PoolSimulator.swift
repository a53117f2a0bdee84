package import PoolCore

/// Drives a `Pool` as the shell does, in virtual time, and checks after every event that the pool keeps its promises.
///
/// It keeps what the shell would hold (processes, connections, timers, callers), does what the pool asks for, and knows
/// what the world may do next. It is a value: copy it to see what else might have happened. Who chooses among
/// `possibleEvents` makes the walk: `RandomWalk` at random, the tests of short walks every one of them.
package struct PoolSimulator: Sendable {
    /// The pool that is driven.
    package private(set) var pool: Pool
    /// The moment of the last event, in virtual time.
    package private(set) var now = Instant.start
    /// How far the pool's life has come.
    package internal(set) var phase = Phase.new
    /// What the processes of each instance say of themselves.
    let declarations: [SlotDeclaration]
    /// The process of each instance, while it has one.
    var processes: [Process?]
    /// How many processes each instance has had.
    var incarnations: [Int]
    /// Accepted jobs that have not ended.
    var jobs: [JobID: Job] = [:]
    /// Timers that are set.
    var timers: [TimerID: Instant] = [:]
    /// The last timer's number; none is used twice.
    var lastTimer: UInt64 = 0
    /// How jobs have to end by the event that happens now.
    var dueEnds: [JobID: String] = [:]
    private var steps = 0
    /// The last steps, for the report of a broken rule.
    private var trail: [Step] = []

    /// Steps that a report shows.
    private static let trailLength = 30

    /// The life of the pool, as the shell sees it.
    package enum Phase: Sendable {
        case new, serving, draining, stopping, drained
    }

    /// - Parameters:
    ///   - configuration: what the pool is made of.
    ///   - declarations: what the processes of each instance declare, by the instance's index.
    ///   - seed: for the pool's jitter.
    package init(configuration: PoolConfiguration, declarations: [SlotDeclaration], seed: UInt64 = 0) {
        pool = Pool(configuration: configuration, seed: seed)
        precondition(pool.instances.count == declarations.count, "each instance declares its slots")
        self.declarations = declarations
        processes = declarations.map { _ in nil }
        incarnations = declarations.map { _ in 0 }
    }

    /// Lets an event happen.
    /// - Parameters:
    ///   - event: one of `possibleEvents`, an arrival, or a drain.
    ///   - wait: how much later it happens. A timer does not fire before its moment.
    /// - Returns: what the pool answered.
    /// - Throws: the rule that the pool broke.
    @discardableResult
    package mutating func perform(_ event: Event, after wait: Duration = .zero) throws(Violation) -> Answer {
        now = now.advanced(by: wait)
        if case .timerFired(let timer) = event, let deadline = timers[timer] { now = max(now, deadline) }
        let refusal = refusal(dueBy: event)
        dueEnds = ends(dueBy: event)
        if refusal == nil { take(event) }
        let answer = tell(event)
        try check(answer.refusal?.name == refusal, "a job is refused when a limit says so and else never")
        for action in answer.actions { try apply(action) }
        try checkRules()
        return answer
    }

    /// Tells the pool something that is no news any more. Events that would be news are passed over.
    package mutating func repeatStale(_ event: Event) throws(Violation) {
        guard isStale(event) else { return }
        dueEnds = [:]
        try check(tell(event).actions.isEmpty, "stale news change nothing")
        try checkRules()
    }

    func check(_ holds: Bool, _ rule: @autoclosure () -> String) throws(Violation) {
        if !holds { throw Violation(rule: rule(), step: steps, trail: trail.map(\.description)) }
    }

    private mutating func tell(_ event: Event) -> Answer {
        let answer = answer(to: event)
        steps += 1
        if trail.count == Self.trailLength { trail.removeFirst() }
        trail.append(Step(number: steps, now: now, event: event, answer: answer))
        return answer
    }

    private mutating func answer(to event: Event) -> Answer {
        switch event {
        case .started: Answer(pool.started(now: now))
        case .jobArrived(let request): Answer(pool.jobArrived(request, now: now))
        case .jobCancelled(let job): Answer(pool.jobCancelled(job, now: now))
        case .processSpawned(let process): Answer(pool.processSpawned(process, now: now))
        case .processDied: Answer([])
        case .processExited(let process): Answer(pool.processExited(process, now: now))
        case .slotOpened(let slot):
            Answer(pool.slotOpened(slot, declared: declarations[slot.process.instance.index], now: now))
        case .slotClosed(let slot, let canRestart):
            Answer(pool.slotClosed(slot, canRestart: canRestart, now: now))
        case .jobEnded(let job, let slot, let completed):
            Answer(pool.jobEnded(job, on: slot, completed: completed, now: now))
        case .timerFired(let timer): Answer(pool.timerFired(timer, now: now))
        case .drainRequested: Answer(pool.drainRequested(now: now))
        case .stopRequested: Answer(pool.stopRequested(now: now))
        }
    }
}
