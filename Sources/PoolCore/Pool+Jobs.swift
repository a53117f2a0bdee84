import DequeModule

extension Pool {
    // MARK: Events

    /// A job came. It runs at once if a slot is idle, else it waits, if there is room.
    package mutating func jobArrived(_ request: JobRequest, now: Instant) -> Admission {
        precondition(jobs[request.id] == nil, "a job's id is used once")
        if let refusal = refusal(of: request) { return .refused(refusal) }
        var actions: [PoolAction] = []
        let expires = request.isContinuation ? nil : now.advanced(by: configuration.maxWait)
        jobs[request.id] = Job(
            id: request.id,
            engine: request.engine,
            tenant: request.tenant,
            jobClass: request.jobClass,
            units: request.units,
            expires: expires
        )
        queues[request.engine].append(request.id)
        waitingByTenant[request.tenant, default: 0] += 1
        dispatch(now: now, &actions)
        // All jobs wait equally long at the most. So if the timer is set, it is for one that came before.
        if let expires, expireTimer == nil, isWaiting(request.id) {
            expireTimer = makeTimer(.expire, at: expires, &actions)
        }
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
            if mayInterrupt(slot) {
                let deadline = now.advanced(by: configuration.cancelGrace)
                self[slot] = .interrupted(id, makeTimer(.cancel(slot), at: deadline, &actions))
                actions.append(.interrupt(slot))
            } else {
                reopen(slot, now: now, &actions)
                endIfDrained(slot.process.instance, now: now, &actions)
            }
        }
        end(id, .cancelled, now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// The worker said that it is done with a job, well or not, or that it stopped an interrupted one.
    /// - Parameters:
    ///   - canRestart: the reader of the job has had none of its audio.
    ///   - audio: how long what it made lasts; `nil` if it is none.
    package mutating func jobEnded(
        _ id: JobID,
        on slot: SlotID,
        outcome: JobOutcome,
        canRestart: Bool = false,
        audio: Duration? = nil,
        now: Instant
    ) -> [PoolAction] {
        guard isCurrent(slot) else { return [] }
        var actions: [PoolAction] = []
        switch self[slot] {
        case .busy(id):
            switch outcome {
            case .completed:
                jobServed(id, on: slot, audio: audio, now: now)
                end(id, .completed, now: now, &actions)
            case .failed:
                end(id, .failed, now: now, &actions)
            case .outOfMemory:
                learnShortage(id, on: slot)
                retryOrLose(id, on: slot, outOfMemory: true, canRestart: canRestart, now: now, &actions)
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
    private mutating func jobServed(_ id: JobID, on slot: SlotID, audio: Duration?, now: Instant) {
        guard let job = jobs[id], case .running(_, let since, _) = job.state else {
            preconditionFailure("a busy slot has a running job")
        }
        let duration = since.duration(to: now)
        let instance = slot.process.instance.index
        let device = instances[instance].device
        queues[job.engine].jobServed(in: duration)
        instances[instance].jobsDone += 1
        instances[instance].jobsOfProcess += 1
        figures[job.engine][device].seconds.observe(units: job.units, value: duration / .seconds(1))
        if let audio {
            figures[job.engine][device].audioSeconds.observe(units: job.units, value: audio / .seconds(1))
        }
    }

    // MARK: Helpers

    private func mayInterrupt(_ slot: SlotID) -> Bool {
        let instance = instances[slot.process.instance.index]
        return instance.isServing && instance.declared.obeysCancel
    }

    private mutating func refusal(of request: JobRequest) -> Admission.Refusal? {
        switch phase {
        case .serving: break
        case .draining: if !request.isContinuation { return .shuttingDown }
        case .stopping, .drained: return .shuttingDown
        }
        if let shortage = shortage(for: request) { return shortage }
        if request.isContinuation || canStartAtOnce(engine: request.engine) { return nil }
        if waitingJobs >= configuration.maxJobs {
            return .queueFull(retryAfter: retryAfter(engine: request.engine))
        }
        if waitingByTenant[request.tenant, default: 0] >= configuration.maxJobsPerTenant {
            return .tenantLimit(retryAfter: retryAfter(engine: request.engine))
        }
        if let wait = predictedWait(engine: request.engine), wait > configuration.maxWait {
            return .waitTooLong(predicted: wait, retryAfter: retryAfter(engine: request.engine))
        }
        return nil
    }

    /// When there is likely to be room again: the predicted wait, within 1 to 60 s, and 20 % of jitter so that the
    /// refused do not come back all at once.
    mutating func retryAfter(engine: Int) -> Duration {
        let wait = predictedWait(engine: engine) ?? .seconds(1)
        return min(max(wait, .seconds(1)), .seconds(60)) * Double.random(in: 0.8...1.2, using: &random)
    }

    func isWaiting(_ id: JobID) -> Bool {
        if case .queued? = jobs[id]?.state { true } else { false }
    }

    mutating func end(_ id: JobID, _ end: JobEnd, now: Instant, _ actions: inout [PoolAction]) {
        guard let job = jobs.removeValue(forKey: id) else { preconditionFailure("a job ends once") }
        leaveSlot(job, units: end == .completed ? job.units : nil, now: now)
        memoryWaiters.remove(id)
        actions.append(.end(id, end))
    }

    /// The job does not run any more, if it did.
    /// - Parameter units: what was done; `nil` if it did not come to its own end.
    private mutating func leaveSlot(_ job: Job, units: Int?, now: Instant) {
        guard case .running(let slot, _, let mark) = job.state else { return }
        let device = instances[slot.process.instance.index].device
        figures[job.engine][device].curve.ended(since: mark, units: units, now: now)
    }

    /// An instance's fault: the job runs once more if nothing of it has been heard, else it is lost.
    mutating func retryOrLose(
        _ id: JobID,
        on slot: SlotID,
        outOfMemory: Bool,
        canRestart: Bool,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        guard var job = jobs[id] else { preconditionFailure("a running job is known") }
        guard canRestart, job.failure == nil else {
            end(id, outOfMemory ? .failed : .instanceLost, now: now, &actions)
            return
        }
        leaveSlot(job, units: nil, now: now)
        job.failure = Job.Failure(process: slot.process, at: now, outOfMemory: outOfMemory)
        job.expires = nil
        job.state = .queued
        jobs[id] = job
        queues[job.engine].prepend(id)
        waitingByTenant[job.tenant, default: 0] += 1
    }

    mutating func leaveQueue(_ job: Job) {
        queues[job.engine].remove(job.id)
        tenantLeftQueue(job.tenant)
    }

    mutating func tenantLeftQueue(_ tenant: String) {
        let left = waitingByTenant[tenant, default: 0] - 1
        waitingByTenant[tenant] = left > 0 ? left : nil
    }

    // MARK: Expiry

    /// Ends the jobs that have waited too long and sets the timer for the next that will have.
    mutating func expireJobs(now: Instant, _ actions: inout [PoolAction]) {
        expireTimer = nil
        var next: Instant?
        for queue in queues {
            for id in queue.waiting {
                guard let job = jobs[id], let expires = job.expires else { continue }
                guard expires <= now else {
                    next = min(next ?? expires, expires)
                    break
                }
                leaveQueue(job)
                end(id, .waitedTooLong(retryAfter: retryAfter(engine: job.engine)), now: now, &actions)
            }
        }
        if let next { expireTimer = makeTimer(.expire, at: next, &actions) }
        settle(now: now, &actions)
    }
}
