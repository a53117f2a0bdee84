package import PoolCore

/// Drives a `Pool` as the shell does, in virtual time, and checks after every event that the pool keeps its promises.
///
/// It keeps what the shell would hold (processes, connections, timers, callers), does what the pool asks for, and knows
/// what the world may do next. It is a value: copy it to see what else might have happened. The choice among
/// `possibleEvents` makes the walk: `RandomWalk` takes one at random, the tests of short walks take every one.
package struct PoolSimulator: Sendable {
    /// The pool that is driven.
    package private(set) var pool: Pool
    /// The moment of the last event, in virtual time.
    package private(set) var now = Instant.start
    /// How far the pool's life has come.
    package internal(set) var phase = Phase.new
    /// The true memory; `nil` in a world where nobody reads memory.
    package internal(set) var memory: Memory?
    /// The true figures of each definition of each engine.
    private(set) var definitions: [Kind: Definition] = [:]
    /// The process of each instance, while it has one.
    var processes: [Process?] = []
    /// How many processes each instance has had.
    var incarnations: [Int] = []
    /// Accepted jobs that have not ended.
    var jobs: [JobID: Job] = [:]
    /// Timers that are set.
    var timers: [TimerID: Instant] = [:]
    /// The last timer's number; none is used twice.
    var lastTimer: UInt64 = 0
    /// How jobs have to end by the event that happens now.
    var dueEnds: [JobID: String] = [:]
    /// Whether the last reading told of so little host memory that bulk work is shed.
    var isUnderPressure = false
    private let declarations: [SlotDeclaration]
    private(set) var steps = 0
    /// How many steps there had been when the memory was read.
    private(set) var readAfterStep = 0
    /// How many processes each text has ended, by the engine's index and the text, since it was spoken last.
    var suspects: [TextDigest: (engine: Int, deaths: Int)] = [:]
    /// Slots whose jobs had stood still for too long before the last event.
    var standing: Set<SlotID> = []
    /// Whether a job has ever run out of memory.
    var hasLackedMemory = false
    /// What the pool was told last of memory.
    var lastReading: MemoryReading?
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
    ///   - declarations: what the processes of each instance declare, by the instance's index; begun anew for further
    ///     instances.
    ///   - memory: what is true of memory. The pool knows of it by `configuration` and by readings.
    ///   - seed: for the pool's jitter.
    package init(
        configuration: PoolConfiguration,
        declarations: [SlotDeclaration],
        memory: Memory? = nil,
        seed: UInt64 = 0
    ) {
        pool = Pool(configuration: configuration, seed: seed)
        self.declarations = declarations
        self.memory = memory
        for engine in configuration.engines.indices {
            definitions[Kind(engine: engine, revision: 0)] = Definition(memory: memory?.engines[engine])
        }
        makePlaces()
    }

    /// What the processes of an instance declare.
    func declaration(of instance: InstanceID) -> SlotDeclaration { declarations[instance.index % declarations.count] }

    /// Lets an event happen.
    /// - Parameters:
    ///   - event: one of `possibleEvents`, an arrival, a reading, or a drain.
    ///   - wait: how much later it happens. A timer does not fire before its moment.
    /// - Returns: what the pool answered.
    /// - Throws: the rule that the pool broke.
    @discardableResult
    package mutating func perform(_ event: Event, after wait: Duration = .zero) throws(Violation) -> Answer {
        now = now.advanced(by: wait)
        if case .timerFired(let timer) = event, let deadline = timers[timer] { now = max(now, deadline) }
        let refusal = refusal(dueBy: event)
        dueEnds = ends(dueBy: event)
        try checkBelief(in: event)
        if case .timePassed = event { noteStandstills() }
        let answer = tell(event)
        let isForeseen = refusal == nil && answer.refusal.map { mayRefuse(event, because: $0) } ?? false
        if answer.refusal == nil { take(event) }
        makePlaces()
        try noteRetiring(by: event)
        try check(
            answer.refusal?.name == refusal || isForeseen,
            "a job is refused when a limit says so, or predictions that are proven, and else never"
        )
        for action in answer.actions { try apply(action) }
        try checkRules()
        if case .timePassed = event { try checkStandstills() }
        if event.dispatches { noteShortages() }
        if case .memoryRead(let reading) = event, !answer.asksForCaches { try checkPatientJobs(after: reading) }
        return answer
    }

    /// Reads the memory. What comes of it may be told later. Nothing else happens at the same moment.
    /// - Parameters:
    ///   - peaksShare: how near to its peak a job is when it is looked at, 0 to 1.
    ///   - pressure: on the host, 0 to 1.
    package mutating func readMemory(peaksShare: Double = 0, pressure: Double = 0) -> MemoryReading {
        now = now.advanced(by: .microseconds(1))
        let reading = reading(peaksShare: peaksShare, pressure: pressure)
        let foreign = foreignBytes(peaksShare: peaksShare)
        memory?.foreignBytesRead[now] = foreign
        now = now.advanced(by: .microseconds(1))
        readAfterStep = steps
        return reading
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

    /// The pool makes more instances when there is room.
    private mutating func makePlaces() {
        for _ in processes.count..<pool.instances.count {
            processes.append(nil)
            incarnations.append(0)
        }
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
        case .processDied, .memoryReleased, .foreignUseChanged: Answer([])
        case .processExited(let process): Answer(pool.processExited(process, now: now))
        case .timePassed: Answer(pool.timePassed(now: now))
        case .heard(let slot): answer(toSignOf: slot)
        case .rehearsed(let process, let isSound): Answer(pool.rehearsed(process, isSound: isSound, now: now))
        case .restartRequested(let instance): Answer(pool.restartRequested(of: instance, now: now))
        case .redefined(let engine, let definition, let figures):
            answer(toRedefinitionOf: engine, definition, figures)
        case .slotOpened(let slot):
            Answer(pool.slotOpened(slot, declared: declaration(of: slot.process.instance), now: now))
        case .slotClosed(let slot, let canRestart):
            Answer(pool.slotClosed(slot, canRestart: canRestart, isCrash: hasCrashed(slot.process), now: now))
        case .jobEnded(let job, let slot, let outcome, let canRestart):
            answer(toEndOf: job, on: slot, outcome: outcome, canRestart: canRestart)
        case .measured(let process): answer(toMeasured: process)
        case .audioArrived(let job, let duration):
            answer(toAudioOf: job, duration: duration)
        case .streamEnded(let stream): answer(toEndOf: stream)
        case .memoryRead(let reading): Answer(pool.memoryRead(reading, now: now))
        case .timerFired(let timer): Answer(pool.timerFired(timer, now: now))
        case .drainRequested: Answer(pool.drainRequested(now: now))
        case .stopRequested: Answer(pool.stopRequested(now: now))
        }
    }

    private mutating func answer(
        toRedefinitionOf engine: Int,
        _ definition: Definition,
        _ figures: [String: EngineFigures]
    ) -> Answer {
        let before = pool.revisions[engine].current
        var configuration = pool.configuration
        configuration.engines[engine].figures = figures
        let actions = pool.reconfigured(configuration, replaced: [engine], now: now)
        let revision = pool.revisions[engine].current
        // A pool that stops does not listen.
        if revision != before { definitions[Kind(engine: engine, revision: revision)] = definition }
        return Answer(actions)
    }

    private mutating func answer(toSignOf slot: SlotID) -> Answer {
        if case .busy? = self[slot] { pool.jobMoved(slot, now: now) } else { pool.heard(slot, now: now) }
        return Answer([])
    }

    private mutating func answer(toAudioOf job: JobID, duration: Duration) -> Answer {
        pool.audioArrived(job, duration: duration, now: now)
        return Answer([])
    }

    private mutating func answer(toEndOf stream: StreamID) -> Answer {
        pool.streamEnded(stream)
        return Answer([])
    }

    /// What a job took is told with its end.
    private mutating func answer(
        toEndOf job: JobID,
        on slot: SlotID,
        outcome: JobOutcome,
        canRestart: Bool
    ) -> Answer {
        if outcome == .completed, let process = self[slot.process], self[slot]?.job == job,
            let request = jobs[job]?.request, let need = need(of: process)
        {
            let bytes = need.peakBytes(units: request.units)
            pool.peakMeasured(slot.process, units: request.units, bytes: bytes)
        }
        let actions = pool.jobEnded(
            job,
            on: slot,
            outcome: outcome,
            canRestart: canRestart,
            audio: outcome == .completed ? audio(of: job, on: slot) : nil,
            now: now
        )
        return Answer(actions)
    }

    /// Samples of three sizes are told before the end of the measurement.
    private mutating func answer(toMeasured process: ProcessID) -> Answer {
        if let known = self[process], let need = need(of: known), known.isMeasuring {
            let definition = definition(of: known)
            for units in [10, 100, 300] {
                pool.peakMeasured(process, units: units, bytes: need.peakBytes(units: units))
                pool.sampleSpoken(
                    process,
                    units: units,
                    in: definition.timePerUnit * units,
                    audio: definition.audioPerUnit * units
                )
            }
        }
        return Answer(pool.measured(process, now: now))
    }
}
