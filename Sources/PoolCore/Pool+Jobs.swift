import DequeModule

extension Pool {
    // MARK: Events

    /// A job came. It runs at once if a slot is idle, else it waits, if there is room.
    package mutating func jobArrived(_ request: JobRequest, now: Instant) -> Admission {
        precondition(jobs[request.id] == nil, "a job's id is used once")
        if let refusal = refusal(of: request) { return .refused(refusal) }
        var actions: [PoolAction] = []
        let expires = request.isContinuation ? nil : now.advanced(by: configuration.maxWait)
        jobs[request.id] = Job(id: request.id, engine: request.engine, tenant: request.tenant, expires: expires)
        queues[request.engine].append(request.id)
        waitingByTenant[request.tenant, default: 0] += 1
        dispatch(engine: request.engine, now: now, &actions)
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
        case .running(let slot, _):
            if mayInterrupt(slot) {
                let deadline = now.advanced(by: configuration.cancelGrace)
                self[slot] = .interrupted(id, makeTimer(.cancel(slot), at: deadline, &actions))
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
    /// - Parameter completed: it made all the audio. Otherwise it answered with an error of its own, which is not
    ///   retried.
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
        case .interrupted(id, let timer):
            actions.append(.cancelTimer(timer))
        case .busy, .interrupted, .idle, .opening:
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
    /// The slot that has been idle longest on the instance with the least to do comes first, so that use is even.
    mutating func dispatch(engine: Int, now: Instant, _ actions: inout [PoolAction]) {
        guard !queues[engine].waiting.isEmpty else { return }
        var idle = idleSlots(engine: engine)
        var position = 0
        while !idle.isEmpty, position < queues[engine].waiting.count {
            // The queue and the table of jobs change together.
            guard var job = jobs[queues[engine].waiting[position]] else { preconditionFailure("a queued job is known") }
            guard let best = best(of: idle, for: job) else {
                position += 1
                continue
            }
            let slot = idle.remove(at: best).id
            queues[engine].remove(at: position)
            tenantLeftQueue(job.tenant)
            job.state = .running(slot, since: now)
            jobs[job.id] = job
            self[slot] = .busy(job.id)
            actions.append(.run(job.id, slot))
        }
    }

    private func best(of idle: [IdleSlot], for job: Job) -> Int? {
        idle.indices.lazy.filter { isRunnable(job, on: idle[$0]) }.min { idle[$0] < idle[$1] }
    }

    /// A job does not run again on the process that failed it while another instance serves. If none does, it waits for
    /// a slot that has shown life since: when a process dies, the news of its slots come one after the other.
    private func isRunnable(_ job: Job, on slot: IdleSlot) -> Bool {
        guard let failure = job.failure, failure.process == slot.id.process else { return true }
        return slot.since >= failure.at
            && !instances.contains { $0.engine == job.engine && $0.isReady && $0.process != failure.process }
    }

    /// A slot that could run a job, and what decides whether it is the next to get one.
    private struct IdleSlot: Comparable {
        let id: SlotID
        /// Slots of its instance that are busy.
        let busySlots: Int
        let since: Instant

        static func < (left: IdleSlot, right: IdleSlot) -> Bool {
            (left.busySlots, left.since) < (right.busySlots, right.since)
        }
    }

    private func idleSlots(engine: Int) -> [IdleSlot] {
        var idle: [IdleSlot] = []
        for instance in instances where instance.engine == engine && instance.isReady {
            let busySlots = instance.busySlots
            for (index, slot) in instance.slots.enumerated() {
                guard case .idle(let since) = slot.state else { continue }
                let id = SlotID(process: instance.process, index: index)
                idle.append(IdleSlot(id: id, busySlots: busySlots, since: since))
            }
        }
        return idle
    }

    // MARK: Helpers

    private func mayInterrupt(_ slot: SlotID) -> Bool {
        let instance = instances[slot.process.instance.index]
        return instance.isReady && instance.obeysCancel
    }

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

    /// When there is likely to be room again: the predicted wait, within 1 to 60 s, and 20 % of jitter so that the
    /// refused do not come back all at once.
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
    mutating func retryOrLose(
        _ id: JobID,
        on slot: SlotID,
        canRestart: Bool,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        guard var job = jobs[id] else { preconditionFailure("a running job is known") }
        guard canRestart, job.failure == nil else {
            end(id, .instanceLost, &actions)
            return
        }
        job.failure = Job.Failure(process: slot.process, at: now)
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

    private mutating func tenantLeftQueue(_ tenant: String) {
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
                end(id, .waitedTooLong(retryAfter: retryAfter(engine: job.engine)), &actions)
            }
        }
        if let next { expireTimer = makeTimer(.expire, at: next, &actions) }
        settle(now: now, &actions)
    }
}
