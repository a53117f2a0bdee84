import PoolCore

// What the pool has to do by an event. Seen before the event is taken.

extension PoolSimulator {
    /// The jobs that have to end by this event, and how.
    func ends(dueBy event: Event) -> [JobID: String] {
        switch event {
        case .started, .jobArrived, .audioArrived, .streamEnded, .processSpawned, .processDied, .processExited,
            .slotOpened, .measured, .rehearsed, .heard, .timePassed, .restartRequested, .redefined,
            .memoryReleased, .foreignUseChanged, .drainRequested:
            return [:]
        case .jobCancelled(let job):
            return [job: JobEnd.cancelled.name]
        case .jobEnded(let id, let slot, let outcome, let canRestart):
            guard case .busy? = self[slot], let job = jobs[id] else { return [:] }
            switch outcome {
            case .completed: return [id: JobEnd.completed.name]
            case .failed: return [id: JobEnd.failed.name]
            case .outOfMemory:
                let isNew = job.failure?.isOutOfMemory != true
                return isNew && mayRunAgain(job, canRestart) ? [:] : [id: JobEnd.failed.name]
            case .doubtful: return mayRunAgain(job, canRestart) ? [:] : [id: JobEnd.instanceLost.name]
            }
        case .slotClosed(let slot, let canRestart):
            guard case .busy(let id)? = self[slot], let job = jobs[id] else { return [:] }
            let isToBlame = isToBlame(slot)
            if isToBlame, let text = job.request.text, suspects[text, default: (0, 0)].deaths >= 1 {
                return jobs.filter { $1.request.text == text }.mapValues { _ in JobEnd.quarantined.name }
            }
            let deaths = job.deaths + (isToBlame ? 1 : 0)
            return deaths < 2 && mayRunAgain(job, canRestart) ? [:] : [id: JobEnd.instanceLost.name]
        case .memoryRead(let reading):
            guard reading.pressure > pool.configuration.pressureLimit else { return [:] }
            let bulk = jobs.filter { $1.isWaiting && $1.request.jobClass == .bulk }
            return bulk.mapValues { _ in JobEnd.shed(retryAfter: .zero).name }
        case .stopRequested:
            return jobs.mapValues { _ in JobEnd.shutDown.name }
        case .timerFired(let timer) where timer.purpose == .drain:
            return jobs.mapValues { _ in JobEnd.shutDown.name }
        case .timerFired(let timer) where timer.purpose == .expire:
            let late = jobs.filter { limit(of: $1).map { $0 <= now } ?? false }
            return late.mapValues { job in
                let isUnwanted = job.request.deadline.map { $0 <= now } ?? false
                return (isUnwanted ? JobEnd.deadlineExceeded : .waitedTooLong(retryAfter: .zero)).name
            }
        case .timerFired:
            return [:]
        }
    }

    /// Whether no process of an engine is there or on its way, and one has been given up.
    func isGivenUp(_ engine: Int) -> Bool {
        processes(engine: engine).isEmpty
            && (pool.isStopping || pool.untilTriedAgain(engine: engine, now: now) != nil)
    }

    /// Whether a process ended by its own doing.
    func hasCrashed(_ process: ProcessID) -> Bool {
        self[process]?.life == .dead && self[process]?.orders == Process.Orders.none
    }

    /// Whether the job on a slot is taken to have ended its process.
    func isToBlame(_ slot: SlotID) -> Bool { isStalled(slot) || hasCrashed(slot.process) }

    func isStalled(_ slot: SlotID) -> Bool { self[slot.process]?.stalled.contains(slot.index) ?? false }

    private func mayRunAgain(_ job: Job, _ canRestart: Bool) -> Bool {
        canRestart && job.reruns < pool.configuration.maxReruns && pool.hasRetriesLeft
    }

    /// Why a job has to be refused, if it has to.
    func refusal(dueBy event: Event) -> String? {
        guard case .jobArrived(let request) = event else { return nil }
        if phase == .stopping || phase == .drained || phase == .draining && !request.isContinuation {
            return Admission.Refusal.shuttingDown.name
        }
        if let text = request.text, suspects[text, default: (0, 0)].deaths >= 2 {
            return Admission.Refusal.quarantined.name
        }
        if isGivenUp(request.engine) { return Admission.Refusal.unavailable(retryAfter: .zero).name }
        if isUnderPressure, request.jobClass == .bulk { return Admission.Refusal.shed(retryAfter: .zero).name }
        if isTooLarge(request) { return Admission.Refusal.tooLarge(needsBytes: 0, hasBytes: 0).name }
        if let deadline = request.deadline, deadline <= now { return Admission.Refusal.deadlineExceeded.name }
        if request.isContinuation { return nil }
        let canStart = canStartAtOnce(engine: request.engine)
        if !canStart, let limit = limitReached(by: request) { return limit.name }
        guard let deadline = request.deadline, pool.isProven(engine: request.engine) else { return nil }
        // A job that would miss its deadline even alone is refused.
        let alone = pool.predictedSeconds(engine: request.engine, units: request.units)
        let isHopeless = now.advanced(by: .seconds(alone)) > deadline
        return isHopeless ? Admission.Refusal.deadlineTooEarly(predicted: .zero, retryAfter: .zero).name : nil
    }

    /// Whether a job that nothing obliges the pool to refuse may be refused like this: only because of predictions that
    /// have shown what they are worth.
    func mayRefuse(_ event: Event, because refusal: Admission.Refusal) -> Bool {
        guard case .jobArrived(let request) = event, !request.isContinuation, pool.isProven(engine: request.engine)
        else { return false }
        let canStart = canStartAtOnce(engine: request.engine)
        switch refusal {
        case .deadlineTooEarly(let predicted, _):
            // A tenth of the time is kept in reserve.
            return request.deadline.map { predicted > now.duration(to: $0) * 0.9 } ?? false
        case .tooSlow(let predicted, _): return request.laterUnits > 0 && predicted > .zero
        case .othersTooLate(let predicted, _): return predicted > .zero
        case .waitTooLong(let predicted, _):
            return !canStart && predicted > pool.configuration.maxWait(request.jobClass)
        case .standingQueue: return !canStart && request.jobClass != .interactive
        case .queueFull, .tenantLimit, .deadlineExceeded, .tooLarge, .unavailable, .quarantined, .shed, .shuttingDown:
            return false
        }
    }

    private func limitReached(by request: JobRequest) -> Admission.Refusal? {
        let waiting = jobs.values.filter(\.isWaiting)
        let bytes = waiting.reduce(request.bytes) { $0 + $1.request.bytes }
        if waiting.count >= pool.configuration.maxJobs || bytes > pool.configuration.maxQueuedBytes {
            return .queueFull(retryAfter: .zero)
        }
        let own = waiting.count { $0.request.tenant == request.tenant }
        return own >= pool.configuration.maxJobsPerTenant ? .tenantLimit(retryAfter: .zero) : nil
    }

    /// Whether a job is known to fit nowhere, even alone.
    func isTooLarge(_ request: JobRequest) -> Bool {
        pool.configuration.engines[request.engine].placements.allSatisfy { placement in
            let figures = pool.figures[request.engine][index(of: placement.device)]
            guard let usable = usableBytes(of: placement.device), let floor = figures.floorBytes,
                figures.peakBytes.count > 0
            else { return false }
            return figures.peak(units: request.units) > usable - floor
        }
    }

    /// Whether nobody waits for an engine, and one of its slots is idle on a device where more may run.
    private func canStartAtOnce(engine: Int) -> Bool {
        guard !jobs.values.contains(where: { $0.isWaiting && $0.request.engine == engine }) else { return false }
        return idleSlots(engine: engine).contains { slot in
            guard let device = self[slot.process]?.device else { return false }
            return openings(engine: engine, device: device) > 0
        }
    }
}
