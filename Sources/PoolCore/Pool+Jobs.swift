extension Pool {
    // MARK: Events

    /// A job came. It runs at once if a slot is idle, else it waits, if there is room.
    package mutating func jobArrived(_ request: JobRequest, now: Instant) -> Admission {
        precondition(jobs[request.id] == nil, "a job's id is used once")
        if let refusal = refusal(of: request) { return .refused(refusal) }
        var actions: [PoolAction] = []
        jobs[request.id] = Job(id: request.id, engine: request.engine, tenant: request.tenant, state: .queued)
        queues[request.engine].append(request.id)
        waitingByTenant[request.tenant, default: 0] += 1
        dispatch(engine: request.engine, now: now, &actions)
        if !request.isContinuation, isWaiting(request.id) {
            expiries.append((request.id, now.advanced(by: configuration.maxWait)))
            setExpireTimer(&actions)
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
        case .running(let slot, _):
            if instances[slot.process.instance.index].obeysCancel {
                let deadline = now.advanced(by: configuration.cancelGrace)
                self[slot] = .interrupted(makeTimer(.cancel(slot), at: deadline, &actions))
                actions.append(.interrupt(slot))
            } else {
                reopen(slot, now: now, &actions)
            }
        }
        end(id, .cancelled, &actions)
        settle(now: now, &actions)
        return actions
    }

    /// The worker said that it is done with a job, well or not, or that it stopped an interrupted one.
    /// - Parameter completed: it made all the audio. Otherwise it answered with an error of its own, which is not retried.
    package mutating func jobEnded(_ id: JobID, on slot: SlotID, completed: Bool, now: Instant) -> [PoolAction] {
        guard isCurrent(slot) else { return [] }
        var actions: [PoolAction] = []
        switch self[slot] {
        case .busy(id):
            if completed, let job = jobs[id], case .running(_, let since) = job.state {
                queues[job.engine].jobServed(in: since.duration(to: now))
                instances[slot.process.instance.index].jobsDone += 1
            }
            end(id, completed ? .completed : .failed, &actions)
        case .interrupted(let timer):
            actions.append(.cancelTimer(timer))
        case .busy, .idle, .opening:
            // The answer of a worker that speaks out of turn, or after its connection was given up.
            return []
        }
        self[slot] = .idle(since: now)
        dispatch(engine: instances[slot.process.instance.index].engine, now: now, &actions)
        settle(now: now, &actions)
        return actions
    }

    // MARK: Dispatch

    /// Gives waiting jobs to idle slots until there is none of one or the other that fit.
    ///
    /// The slot that has been idle longest on the instance with the least to do comes first, so that instances are used evenly.
    mutating func dispatch(engine: Int, now: Instant, _ actions: inout [PoolAction]) {
        guard !queues[engine].waiting.isEmpty else { return }
        for slot in idleSlots(engine: engine) {
            let first = queues[engine].waiting.firstIndex { isRunnable($0, on: slot.process) }
            guard let first else { continue }
            let id = queues[engine].take(at: first)
            // The queue and the table of jobs change together.
            guard var job = jobs[id] else { preconditionFailure("a queued job is known") }
            tenantLeftQueue(job.tenant)
            job.state = .running(slot, since: now)
            jobs[id] = job
            self[slot] = .busy(id)
            actions.append(.run(id, slot))
            if queues[engine].waiting.isEmpty { return }
        }
    }

    /// A job does not run again on the process that failed it, unless no other instance serves.
    func isRunnable(_ id: JobID, on process: ProcessID) -> Bool {
        guard let job = jobs[id] else { return false }
        return job.failedOn != process
            || !instances.contains { $0.engine == job.engine && $0.isReady && $0.process != process }
    }

    private func idleSlots(engine: Int) -> [SlotID] {
        var idle: [(slot: SlotID, busy: Int, since: Instant)] = []
        for instance in instances where instance.engine == engine && instance.isReady {
            let busy = instance.busySlots
            for (index, slot) in instance.slots.enumerated() {
                guard case .idle(let since) = slot.state else { continue }
                idle.append((SlotID(process: instance.process, index: index), busy, since))
            }
        }
        idle.sort { ($0.busy, $0.since) < ($1.busy, $1.since) }
        return idle.map(\.slot)
    }

    // MARK: Helpers

    private mutating func refusal(of request: JobRequest) -> Admission.Refusal? {
        switch phase {
        case .serving: break
        case .draining: if !request.isContinuation { return .shuttingDown }
        case .stopping, .drained: return .shuttingDown
        }
        if request.isContinuation || hasIdleSlot(engine: request.engine) { return nil }
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

    /// When there is likely to be room again: the predicted wait, within 1 to 60 s, and 20 % of jitter so that the refused do
    /// not come back all at once.
    mutating func retryAfter(engine: Int) -> Duration {
        let wait = predictedWait(engine: engine) ?? .seconds(1)
        return min(max(wait, .seconds(1)), .seconds(60)) * Double.random(in: 0.8...1.2, using: &random)
    }

    func isWaiting(_ id: JobID) -> Bool {
        if case .queued? = jobs[id]?.state { true } else { false }
    }

    mutating func end(_ id: JobID, _ end: JobEnd, _ actions: inout [PoolAction]) {
        guard jobs.removeValue(forKey: id) != nil else { preconditionFailure("a job ends once") }
        actions.append(.end(id, end))
    }

    /// An instance's fault: the job runs once more if nothing of it has been heard, else it is lost.
    mutating func retryOrLose(_ id: JobID, on slot: SlotID, canRestart: Bool, _ actions: inout [PoolAction]) {
        guard var job = jobs[id] else { preconditionFailure("a running job is known") }
        guard canRestart, job.failedOn == nil else {
            end(id, .instanceLost, &actions)
            return
        }
        job.failedOn = slot.process
        job.state = .queued
        jobs[id] = job
        queues[job.engine].prepend(id)
        waitingByTenant[job.tenant, default: 0] += 1
    }

    mutating func leaveQueue(_ job: Job) {
        queues[job.engine].remove(job.id)
        tenantLeftQueue(job.tenant)
    }

    private mutating func tenantLeftQueue(_ tenant: String) {
        let left = waitingByTenant[tenant, default: 0] - 1
        waitingByTenant[tenant] = left > 0 ? left : nil
    }

    // MARK: Expiry

    /// All jobs wait equally long at the most, so the first to arrive is the first to expire and one timer is enough.
    mutating func setExpireTimer(_ actions: inout [PoolAction]) {
        guard expireTimer == nil, let first = expiries.first else { return }
        expireTimer = makeTimer(.expire, at: first.at, &actions)
    }

    mutating func expireJobs(now: Instant, _ actions: inout [PoolAction]) {
        expireTimer = nil
        while let first = expiries.first {
            if let job = jobs[first.job], case .queued = job.state, job.failedOn == nil {
                guard first.at <= now else { break }
                leaveQueue(job)
                end(job.id, .waitedTooLong(retryAfter: retryAfter(engine: job.engine)), &actions)
            }
            expiries.removeFirst()
        }
        setExpireTimer(&actions)
        settle(now: now, &actions)
    }
}
