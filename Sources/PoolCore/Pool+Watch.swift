// Who hangs. Liveness is progress of the thread that does the work: whoever only answers while it works may hang.

extension Pool {
    /// Some time has passed: at least every `watchInterval` this is told.
    package mutating func timePassed(now: Instant) -> [PoolAction] {
        guard !isStopping else { return [] }
        var actions: [PoolAction] = []
        for instance in instances where instance.isServing { watch(instance.id, now: now, &actions) }
        for instance in instances {
            guard case .parked(let until) = instance.state, until <= now else { continue }
            move(instance.id, to: .vacant)
        }
        noteAges(now: now)
        replaceInstances(now: now, &actions)
        fill(&actions)
        for engine in queues.indices { endWaiting(engine: engine, now: now, &actions) }
        return actions
    }

    /// The worker has moved on with its job.
    package mutating func jobMoved(_ slot: SlotID, now: Instant) {
        guard isCurrent(slot), case .busy = self[slot] else { return }
        instances[slot.process.instance.index].slots[slot.index].movedAt = now
    }

    /// The worker has said that it is there. That says nothing of what it does.
    package mutating func heard(_ slot: SlotID, now: Instant) {
        guard isCurrent(slot) else { return }
        instances[slot.process.instance.index].heardAt = now
        instances[slot.process.instance.index].askedAt = nil
    }

    /// How long a job may stand still on a slot: three times what it is predicted to take, so that a slow but legal one
    /// is never ended. Before anything was timed nobody can tell, and it has as long as loading may take.
    func patience(with job: Job) -> Duration {
        let engine = configuration.engines[job.engine]
        let known = figures[job.engine].map(\.seconds).filter { $0.count > 0 }
        let expected = known.compactMap { $0.predict(units: job.units) }.max()
        guard job.units > 0, let expected else { return max(configuration.stallFloor, engine.loadTimeout) }
        let largest = known.map(\.largestUnits).max() ?? 0
        // A line through small texts says little of a large one.
        let isGuess = known.allSatisfy { $0.count < Self.timedJobs } || job.units > 2 * largest
        let limit = max(configuration.stallFloor, .seconds(expected * configuration.stallFactor))
        return isGuess ? max(limit, engine.loadTimeout) : limit
    }

    /// Jobs after which the time that a job takes is known well enough.
    private static var timedJobs: Int { 8 }

    private mutating func watch(_ id: InstanceID, now: Instant, _ actions: inout [PoolAction]) {
        let instance = instances[id.index]
        // It is looked at again only after the interval, and then it would be too late.
        let soon = now.advanced(by: configuration.watchInterval)
        for (index, slot) in instance.slots.enumerated() {
            guard case .busy = slot.state, slot.movedAt.duration(to: soon) > slot.patience else { continue }
            instances[id.index].slots[index].isStalled = true
        }
        if instances[id.index].slots.contains(where: \.isStalled) {
            abort(instance.process, now: now, &actions)
            return
        }
        guard instance.isIdle(since: now) else {
            instances[id.index].askedAt = nil
            return
        }
        if let asked = instance.askedAt {
            if asked.duration(to: soon) > configuration.stallFloor { abort(instance.process, now: now, &actions) }
        } else if max(instance.idleSince, instance.heardAt).duration(to: now) >= configuration.canaryInterval {
            instances[id.index].askedAt = now
            actions.append(.ask(SlotID(process: instance.process, index: 0)))
        }
    }

    /// A process hangs. It gets no more work; what it works on is run elsewhere when its connections have been cut.
    private mutating func abort(_ process: ProcessID, now: Instant, _ actions: inout [PoolAction]) {
        cancelSlotTimers(of: process.instance, &actions)
        forgetDeaths(of: process.instance, now: now)
        let deadline = now.advanced(by: configuration.abortGrace)
        move(process.instance, to: .stopping(makeTimer(.terminate(process), at: deadline, &actions)))
        actions.append(.abort(process))
        // It was perhaps the last other instance for a job that has failed elsewhere.
        dispatch(now: now, &actions)
    }
}
