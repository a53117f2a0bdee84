extension Pool {
    // MARK: Events

    /// A job came. It runs at once if a slot is idle, else it waits, if there is room.
    package mutating func jobArrived(_ request: JobRequest, now: Instant) -> Admission {
        precondition(jobs[request.id] == nil, "a job's id is used once")
        var job = Job(request, in: self, now: now)
        if let refusal = refusal(of: job, now: now) { return .refused(refusal) }
        var actions: [PoolAction] = []
        joinStream(&job, now: now)
        jobs[job.id] = job
        queues[job.engine].insert(entry(of: job), job.key)
        enteredQueue(job)
        dispatch(now: now, &actions)
        if let limit = isWaiting(job.id) ? job.limit : request.deadline { expire(noLaterThan: limit, &actions) }
        return .accepted(actions)
    }

    /// The caller took a job back. Nothing happens if it has ended.
    package mutating func jobCancelled(_ id: JobID, now: Instant) -> [PoolAction] {
        guard let job = jobs[id] else { return [] }
        var actions: [PoolAction] = []
        switch job.state {
        case .queued:
            leaveQueue(job)
        case .running(let slot, _, _):
            stopWork(on: slot, of: id, now: now, &actions)
        }
        end(id, .cancelled, now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// What a worker makes of a job is of no use: it is not what it was the first time, and some of that was heard.
    package mutating func jobUnusable(_ id: JobID, now: Instant) -> [PoolAction] {
        guard case .running(let slot, _, _)? = jobs[id]?.state else { return [] }
        var actions: [PoolAction] = []
        stopWork(on: slot, of: id, now: now, &actions)
        end(id, .failed, now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// The worker said that it is done with a job, well or not, or that it stopped an interrupted one.
    /// - Parameters:
    ///   - canRestart: the job can be made again: its reader has had none of its audio, or will get the same.
    ///   - audio: how long what it made lasts; `nil` if it is none.
    ///   - isSound: whether the audio sounds like something.
    package mutating func jobEnded(
        _ id: JobID,
        on slot: SlotID,
        outcome: JobOutcome,
        canRestart: Bool = false,
        audio: Duration? = nil,
        isSound: Bool = true,
        now: Instant
    ) -> [PoolAction] {
        guard isCurrent(slot) else { return [] }
        var actions: [PoolAction] = []
        switch self[slot] {
        case .busy(id):
            switch outcome {
            case .completed:
                jobServed(id, on: slot, audio: audio, isSound: isSound, now: now)
                end(id, .completed, now: now, &actions)
            case .failed:
                end(id, .failed, now: now, &actions)
            case .outOfMemory:
                learnShortage(id, on: slot)
                retryOrLose(id, on: slot, .outOfMemory, canRestart: canRestart, now: now, &actions)
            case .doubtful:
                retryOrLose(id, on: slot, .doubted, canRestart: canRestart, now: now, &actions)
            }
        case .interrupted(id, let timer):
            actions.append(.cancelTimer(timer))
        case .busy, .interrupted, .idle, .opening:
            // The answer of a worker that speaks out of turn, or after its connection was given up.
            return []
        }
        self[slot] = .idle(since: now)
        endIfDrained(slot.process.instance, now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// What a job took is known.
    private mutating func jobServed(
        _ id: JobID,
        on slot: SlotID,
        audio: Duration?,
        isSound: Bool,
        now: Instant
    ) {
        guard let job = jobs[id], case .running(_, let since, _) = job.state else {
            preconditionFailure("a busy slot has a running job")
        }
        let duration = since.duration(to: now)
        let instance = slot.process.instance.index
        let device = instances[instance].device
        instances[instance].jobsDone += 1
        instances[instance].jobsOfProcess += 1
        instances[instance].deaths.survived()
        deathsOfDevices[device].survived()
        deathsOfEngines[job.engine].survived()
        retryBudget.jobDone()
        if let text = job.request.text { quarantine.survived(text) }
        noteWork(of: slot.process.instance)
        noteQuality(of: job, on: slot, audio: audio, isSound: isSound)
        guard job.units > 0 else { return }
        noteMovement(on: slot, now: now)
        let stillness = instances[instance].slots[slot.index].stillness
        learn(of: instances[instance]) { figures in
            figures.stillness.observe(units: job.units, value: stillness)
            figures.seconds.observe(units: job.units, value: duration / .seconds(1))
            if let audio { figures.audioSeconds.observe(units: job.units, value: audio / .seconds(1)) }
        }
    }

    // MARK: Helpers

    private func mayInterrupt(_ slot: SlotID) -> Bool {
        let instance = instances[slot.process.instance.index]
        return instance.isServing && instance.declared.obeysCancel
    }

    /// Nobody wants what a slot works on. Who knows how is asked to stop; others are cut off.
    private mutating func stopWork(on slot: SlotID, of id: JobID, now: Instant, _ actions: inout [PoolAction]) {
        if mayInterrupt(slot) {
            let deadline = now.advanced(by: configuration.cancelGrace)
            self[slot] = .interrupted(id, makeTimer(.cancel(slot), at: deadline, &actions))
            actions.append(.interrupt(slot))
        } else {
            abandon(slot, now: now, &actions)
            endIfDrained(slot.process.instance, now: now, &actions)
        }
    }

    func isWaiting(_ id: JobID) -> Bool {
        if case .queued? = jobs[id]?.state { true } else { false }
    }

    mutating func end(_ id: JobID, _ end: JobEnd, now: Instant, _ actions: inout [PoolAction]) {
        guard let job = jobs.removeValue(forKey: id) else { preconditionFailure("a job ends once") }
        leaveSlot(job, units: end == .completed ? job.units : nil, now: now)
        if let stream = job.request.stream {
            streams[stream]?.jobEnded(id, now: now)
            // Nothing follows what was not spoken.
            if end != .completed, streams[stream]?.hasJobs == false { streams[stream] = nil }
            updateDue(of: stream, now: now)
        }
        memoryWaiters.remove(id)
        if stalledJobs.remove(id) != nil, end != .completed { learnStandstill(of: job) }
        actions.append(.end(id, end))
    }

    /// The job does not run any more, if it did.
    /// - Parameters:
    ///   - units: what was done; `nil` if it did not come to its own end.
    ///   - isCharged: whether the time is its tenant's to pay.
    private mutating func leaveSlot(_ job: Job, units: Int?, isCharged: Bool = true, now: Instant) {
        guard case .running(let slot, let since, let mark) = job.state else { return }
        let seconds = isCharged ? since.duration(to: now) / .seconds(1) : 0
        queues[job.engine].ended(job.key, units: job.units, moreSeconds: seconds - job.seconds)
        devices[instances[slot.process.instance.index].device].crowd.ended(now: now)
        learn(of: instances[slot.process.instance.index]) { $0.curve.ended(since: mark, units: units, now: now) }
    }

    /// What went wrong with a job on an instance.
    enum Fault {
        /// The instance was lost, and nobody says that the job is to blame.
        case lost
        /// The instance ended or hung over the job.
        case died
        /// The instance had not enough memory for it.
        case outOfMemory
        /// What it made is not believed.
        case doubted
    }

    /// An instance's fault: the job runs again if it can, and not too often; else it is lost.
    mutating func retryOrLose(
        _ id: JobID,
        on slot: SlotID,
        _ fault: Fault,
        canRestart: Bool,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        guard var job = jobs[id] else { preconditionFailure("a running job is known") }
        if fault == .died {
            job.deaths += 1
            jobs[id]?.deaths = job.deaths
            if let text = job.request.text, quarantine.instanceDied(of: text, engine: job.engine, now: now) {
                endAll(with: text, besides: id, now: now, &actions)
                return
            }
        }
        let isLast = fault == .outOfMemory && job.failure?.outOfMemory == true || job.deaths >= Quarantine.maxDeaths
        guard canRestart, !isLast, job.reruns < configuration.maxReruns, retryBudget.take() else {
            end(id, fault == .outOfMemory ? .failed : .instanceLost, now: now, &actions)
            return
        }
        leaveSlot(job, units: nil, isCharged: false, now: now)
        job.reruns += 1
        if fault == .doubted { job.doubted = slot.process }
        job.failure = Job.Failure(process: slot.process, at: now, outOfMemory: fault == .outOfMemory)
        job.expires = nil
        job.state = .queued
        jobs[id] = job
        if let stream = job.request.stream { streams[stream]?.jobRestarted(id) }
        queues[job.engine].giveBack(entry(of: job))
        enteredQueue(job)
    }

    /// A text is not to be spoken any more, by nobody: neither who runs it nor who waits for it.
    /// - Parameter lost: the job that has just ended its instance, so that there is nothing to stop.
    private mutating func endAll(
        with text: TextDigest,
        besides lost: JobID,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        for job in jobs.values.filter({ $0.request.text == text }).sorted(by: { $0.id.number < $1.id.number }) {
            switch job.state {
            case .queued: leaveQueue(job)
            case .running(let slot, _, _):
                if job.id != lost { stopWork(on: slot, of: job.id, now: now, &actions) }
            }
            end(job.id, .quarantined, now: now, &actions)
        }
    }

    private mutating func enteredQueue(_ job: Job) {
        waitingByTenant[job.request.tenant, default: 0] += 1
        waitingBytes += job.request.bytes
        standing[job.engine].entered(job)
    }

    mutating func leaveQueue(_ job: Job) {
        // When it is due may have changed since it was looked at.
        queues[job.engine].remove(job.id, due: jobs[job.id]?.due ?? job.due, job.key)
        let left = waitingByTenant[job.request.tenant, default: 0] - 1
        waitingByTenant[job.request.tenant] = left > 0 ? left : nil
        waitingBytes -= job.request.bytes
        standing[job.engine].left(job)
    }

    // MARK: Expiry

    /// There is a job that is given up at this moment if it is still there.
    private mutating func expire(noLaterThan moment: Instant, _ actions: inout [PoolAction]) {
        if let expireTimer {
            guard moment < expireTimer.at else { return }
            actions.append(.cancelTimer(expireTimer.id))
        }
        expireTimer = (makeTimer(.expire, at: moment, &actions), moment)
    }

    /// Ends the jobs that have waited too long or that nobody wants any more, and sets the timer for the next.
    mutating func expireJobs(now: Instant, _ actions: inout [PoolAction]) {
        expireTimer = nil
        var next: Instant?
        for job in jobs.values.sorted(by: { $0.id.number < $1.id.number }) {
            let limit = isWaiting(job.id) ? job.limit : job.request.deadline
            guard let limit else { continue }
            if limit > now { next = min(next ?? limit, limit) } else { expire(job, now: now, &actions) }
        }
        if let next { expire(noLaterThan: next, &actions) }
        dispatch(now: now, &actions)
    }

    /// Ends a job that has waited too long or that nobody wants any more.
    mutating func expire(_ job: Job, now: Instant, _ actions: inout [PoolAction]) {
        var reason = JobEnd.deadlineExceeded
        switch job.state {
        case .queued:
            leaveQueue(job)
            if job.request.deadline.map({ $0 > now }) ?? true {
                let wait = backlog(engine: job.engine, now: now)
                reason = .waitedTooLong(retryAfter: retryAfter(for: job, wait: wait, now: now))
            }
        case .running(let slot, _, _):
            stopWork(on: slot, of: job.id, now: now, &actions)
        }
        end(job.id, reason, now: now, &actions)
    }
}
