// Who hangs. Liveness is progress of the thread that does the work: whoever only answers while it works may hang.

extension Pool {
    /// Some time has passed: at least every `watchInterval` this is told.
    package mutating func timePassed(now: Instant) -> [PoolAction] {
        guard !isStopping else { return [] }
        var actions: [PoolAction] = []
        for index in instances.indices {
            if instances[index].isServing { watch(instances[index].id, now: now, &actions) }
        }
        for index in instances.indices {
            guard case .parked(let until) = instances[index].state, until <= now else { continue }
            move(instances[index].id, to: .vacant)
        }
        noteAges(now: now)
        rollBackWhatFitsNowhere(&actions)
        replaceInstances(now: now, &actions)
        fill(now: now, &actions)
        for engine in queues.indices { endWaiting(engine: engine, now: now, &actions) }
        return actions
    }

    /// The worker has moved on with its job.
    package mutating func jobMoved(_ slot: SlotID, now: Instant) {
        guard isCurrent(slot), case .busy = self[slot] else { return }
        noteMovement(on: slot, now: now)
    }

    /// The worker has said that it is there. That says nothing of what it does.
    package mutating func heard(_ slot: SlotID, now: Instant) {
        guard isCurrent(slot) else { return }
        instances[slot.process.instance.index].heardAt = now
        instances[slot.process.instance.index].askedAt = nil
    }

    // MARK: Standing still

    /// The job on a slot has moved: for how long it had not is a measurement.
    mutating func noteMovement(on slot: SlotID, now: Instant) {
        let instance = instances[slot.process.instance.index]
        let known = instance.slots[slot.index]
        if known.movedAt.duration(to: now) / .seconds(1) > known.stillness {
            let stillness = undisturbedSeconds(on: slot, until: now, \.lowerBound)
            instances[instance.id.index].slots[slot.index].stillness = max(known.stillness, stillness)
        }
        instances[instance.id.index].slots[slot.index].movedAt = now
        instances[instance.id.index].slots[slot.index].mark = devices[instance.device].crowd.mark(now: now)
    }

    /// For how long the job on a slot has stood still at a moment, if nothing had run beside it.
    /// - Parameter bound: of what company costs, where it is not known.
    private func undisturbedSeconds(
        on slot: SlotID,
        until moment: Instant,
        _ bound: KeyPath<ClosedRange<Double>, Double>
    ) -> Double {
        let instance = instances[slot.process.instance.index]
        let company = devices[instance.device].crowd.seconds(since: instance.slots[slot.index].mark, until: moment)
        return figures(of: instance).curve.undisturbed(company, bound)
    }

    /// Whether the job on a slot has stood still for too long at a moment: for longer than the floor, and than three
    /// times what is expected, so that a slow but legal one is never ended. Time counts for less in company, as far as
    /// company slows the job down. Before anything was timed it has as long as loading may take.
    package func isStandingStill(_ slot: SlotID, at moment: Instant) -> Bool {
        guard isCurrent(slot), case .busy(let id) = self[slot], let job = jobs[id] else { return false }
        let instance = instances[slot.process.instance.index]
        let still = instance.slots[slot.index].movedAt.duration(to: moment)
        guard still > configuration.stallFloor else { return false }
        guard let expected = expectedStillness(of: job, on: instance) else {
            return still > configuration.engines[job.engine].loadTimeout
        }
        let seconds = undisturbedSeconds(on: slot, until: moment, \.upperBound)
        return seconds > expected * configuration.stallFactor
    }

    /// Whether the job on a slot was given up for standing still.
    package func isStalled(_ slot: SlotID) -> Bool {
        isCurrent(slot) && instances[slot.process.instance.index].slots[slot.index].isStalled
    }

    /// For how many seconds a job is expected to stand still at the most, with nothing beside it; `nil` if that is not
    /// known.
    private func expectedStillness(of job: Job, on instance: Instance) -> Double? {
        let measured = revisions[instance.engine].measured[instance.revision] ?? []
        let known = measured.indices.contains(instance.device) ? [measured[instance.device]] : []
        guard job.units > 0,
            let expected = known.compactMap({ $0.stillness(units: job.units) }).max()
                ?? measured.compactMap({ $0.stillness(units: job.units) }).max()
        else { return nil }
        // A job that was taken to hang may have been slow. Until it has been made elsewhere, its standstill counts as
        // expected. There is a limit to that: when all jobs hang, each of them is found.
        let most = max(expected * configuration.stallFactor, longestGuess(engine: job.engine))
        let doubtful = stalledJobs.compactMap { jobs[$0]?.standstill }.filter {
            instances[$0.process.instance.index].engine == instance.engine && $0.revision == instance.revision
        }
        return max(expected, min(most, doubtful.map(\.seconds).max() ?? 0))
    }

    /// For how long a job is taken to stand still at the most when nothing is known but that it did not move.
    private func longestGuess(engine: Int) -> Double {
        configuration.engines[engine].loadTimeout / .seconds(1) / configuration.stallFactor
    }

    /// A job is taken from an instance because it stood still.
    private mutating func noteStandstill(of id: JobID, on slot: SlotID, now: Instant) {
        let revision = instances[slot.process.instance.index].revision
        let seconds = undisturbedSeconds(on: slot, until: now, \.lowerBound)
        jobs[id]?.standstill = Job.Standstill(process: slot.process, revision: revision, seconds: seconds)
        stalledJobs.insert(id)
    }

    /// A job that stood still has ended and was never made, so nobody knows that it hung: such a text may take so long.
    mutating func learnStandstill(of job: Job) {
        guard let standstill = job.standstill, job.units > 0 else { return }
        let device = instances[standstill.process.instance.index].device
        let seconds = min(standstill.seconds, longestGuess(engine: job.engine))
        revisions[job.engine].measured[standstill.revision]?[device].stillness
            .observe(units: job.units, value: seconds)
    }

    private mutating func watch(_ id: InstanceID, now: Instant, _ actions: inout [PoolAction]) {
        let instance = instances[id.index]
        // It is looked at again only after the interval, and then it would be too late.
        let soon = now.advanced(by: configuration.watchInterval)
        let stalled = instance.slots.indices.map { SlotID(process: instance.process, index: $0) }
            .filter { isStandingStill($0, at: soon) }
        for slot in stalled {
            instances[id.index].slots[slot.index].isStalled = true
            if case .busy(let job) = self[slot] { noteStandstill(of: job, on: slot, now: now) }
        }
        if !stalled.isEmpty {
            abort(instance.process, now: now, &actions)
            return
        }
        guard instance.isIdle(since: now) else { return }
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
