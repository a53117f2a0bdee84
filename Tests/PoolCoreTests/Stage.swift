import Testing

@testable import PoolCore

/// A pool under test. Moments are seconds, and the numbers of timers are left out of what it answers.
struct Stage {
    var pool: Pool
    /// The timers that are set, and for when.
    private(set) var timers: [TimerID.Purpose: (id: TimerID, at: Instant)] = [:]

    init(_ configuration: PoolConfiguration, seed: UInt64 = 1) {
        pool = Pool(configuration: configuration, seed: seed)
    }

    /// One engine with so many instances, all of which served since moment 0.
    init(
        ready instances: Int,
        slots: Int = 1,
        obeysCancel: Bool = false,
        change: (inout PoolConfiguration) -> Void = { _ in }
    ) {
        var configuration = PoolConfiguration.test(instances: instances)
        change(&configuration)
        self.init(configuration)
        at(0) { $0.started(now: $1) }
        for instance in 0..<instances { serve(process(instance), slots: slots, obeysCancel: obeysCancel, at: 0) }
    }

    /// Tells the pool an event.
    @discardableResult
    mutating func at(_ seconds: Double, _ event: (inout Pool, Instant) -> [PoolAction]) -> [PoolAction] {
        note(event(&pool, moment(seconds)))
    }

    /// Lets a job arrive; the answer of a refused one is empty.
    @discardableResult
    mutating func arrive(
        _ number: UInt64,
        engine: Int = 0,
        tenant: String = "a",
        isContinuation: Bool = false,
        at seconds: Double
    ) -> [PoolAction] {
        switch admit(number, engine: engine, tenant: tenant, isContinuation: isContinuation, at: seconds) {
        case .accepted(let actions): note(actions)
        case .refused: []
        }
    }

    /// Lets a job arrive that is probably refused.
    mutating func admit(
        _ number: UInt64,
        engine: Int = 0,
        tenant: String = "a",
        isContinuation: Bool = false,
        at seconds: Double
    ) -> Admission {
        let request = JobRequest(id: JobID(number), engine: engine, tenant: tenant, isContinuation: isContinuation)
        return admit(request, at: seconds)
    }

    mutating func admit(_ request: JobRequest, at seconds: Double) -> Admission {
        pool.jobArrived(request, now: moment(seconds))
    }

    /// Lets a job arrive that has to be let in.
    mutating func accept(_ request: JobRequest, at seconds: Double) {
        switch admit(request, at: seconds) {
        case .accepted(let actions): _ = note(actions)
        case .refused(let refusal): Issue.record("job \(request.id.number) was refused: \(refusal)")
        }
    }

    @discardableResult
    mutating func cancel(_ number: UInt64, at seconds: Double) -> [PoolAction] {
        at(seconds) { $0.jobCancelled(JobID(number), now: $1) }
    }

    @discardableResult
    mutating func end(
        _ number: UInt64,
        on slot: SlotID,
        _ outcome: JobOutcome = .completed,
        canRestart: Bool = true,
        at seconds: Double
    ) -> [PoolAction] {
        at(seconds) { $0.jobEnded(JobID(number), on: slot, outcome: outcome, canRestart: canRestart, now: $1) }
    }

    @discardableResult
    mutating func close(_ slot: SlotID, canRestart: Bool = true, at seconds: Double) -> [PoolAction] {
        at(seconds) { $0.slotClosed(slot, canRestart: canRestart, now: $1) }
    }

    @discardableResult
    mutating func open(_ slot: SlotID, slots: Int = 1, obeysCancel: Bool = false, at seconds: Double) -> [PoolAction] {
        let declared = SlotDeclaration(slots: slots, obeysCancel: obeysCancel)
        return at(seconds) { $0.slotOpened(slot, declared: declared, now: $1) }
    }

    @discardableResult
    mutating func exit(_ process: ProcessID, at seconds: Double) -> [PoolAction] {
        at(seconds) { $0.processExited(process, now: $1) }
    }

    /// Brings a process that is being made to where all its slots are idle.
    mutating func serve(_ process: ProcessID, slots: Int = 1, obeysCancel: Bool = false, at seconds: Double) {
        at(seconds) { $0.processSpawned(process, now: $1) }
        for index in 0..<slots {
            open(SlotID(process: process, index: index), slots: slots, obeysCancel: obeysCancel, at: seconds)
        }
    }

    /// Lets the timer fire, at its moment or later.
    @discardableResult
    mutating func fire(_ purpose: TimerID.Purpose, at seconds: Double? = nil) -> [PoolAction] {
        guard let timer = timers.removeValue(forKey: purpose) else { return [] }
        return note(pool.timerFired(timer.id, now: seconds.map(moment) ?? timer.at))
    }

    /// When a timer will fire, in seconds.
    func deadline(_ purpose: TimerID.Purpose) -> Double? {
        timers[purpose].map { $0.at.sinceStart / .seconds(1) }
    }

    mutating func note(_ actions: [PoolAction]) -> [PoolAction] {
        actions.map { action in
            switch action {
            case .setTimer(let timer, let deadline):
                timers[timer.purpose] = (timer, deadline)
                return .set(timer.purpose, deadline.sinceStart / .seconds(1))
            case .cancelTimer(let timer):
                timers[timer.purpose] = nil
                return .unset(timer.purpose)
            default:
                return action
            }
        }
    }
}

extension PoolConfiguration {
    /// One engine with so many instances.
    static func test(instances: Int) -> PoolConfiguration {
        PoolConfiguration(engines: [.init(name: "engine", devices: Array(repeating: "cpu", count: instances))])
    }
}

extension PoolAction {
    /// A timer's setting, as `Stage` shows it.
    static func set(_ purpose: TimerID.Purpose, _ seconds: Double) -> PoolAction {
        .setTimer(TimerID(purpose: purpose, number: 0), at: moment(seconds))
    }

    /// A timer's cancelling, as `Stage` shows it.
    static func unset(_ purpose: TimerID.Purpose) -> PoolAction {
        .cancelTimer(TimerID(purpose: purpose, number: 0))
    }
}

/// A moment, to the microsecond, so that moments that come of sums can be compared.
func moment(_ seconds: Double) -> Instant { Instant(sinceStart: .microseconds((seconds * 1e6).rounded())) }

/// The first process of an instance, or a later one.
func process(_ instance: Int, _ incarnation: Int = 1) -> ProcessID {
    ProcessID(instance: InstanceID(instance), incarnation: incarnation)
}

/// A slot of the first process of an instance, or of a later one.
func slot(_ instance: Int, _ index: Int = 0, incarnation: Int = 1) -> SlotID {
    SlotID(process: process(instance, incarnation), index: index)
}

extension EngineFigures {
    /// Of texts of these sizes that take a time and become audio in proportion, as often as it takes until predictions
    /// are believed.
    static func proven(
        units: [Int] = [10, 100, 200],
        secondsPerUnit: Double,
        audioPerUnit: Double = 0.3
    ) -> EngineFigures {
        var figures = EngineFigures()
        for _ in 0..<24 {
            for units in units {
                figures.seconds.observe(units: units, value: secondsPerUnit * Double(units))
                figures.audioSeconds.observe(units: units, value: audioPerUnit * Double(units))
            }
        }
        return figures
    }
}
