extension Pool {
    /// Gives waiting jobs to idle slots until there is none of one or the other that fit. Then, if the pool drains
    /// and no job is left, that goes on.
    ///
    /// The slot that has been idle longest on the instance with the least to do comes first, so that use is even.
    mutating func dispatch(now: Instant, _ actions: inout [PoolAction]) {
        var waiters: Set<JobID>
        repeat {
            waiters = memoryWaiters
            for engine in queues.indices where !queues[engine].isEmpty {
                dispatch(engine: engine, now: now, &actions)
            }
            // Others were held up by one that waited for memory. If it has gone, they may go, too.
        } while !waiters.isSubset(of: memoryWaiters)
        for engine in standing.indices {
            let slots = Double(max(1, usableSlots(engine: engine)))
            let most = slots * (configuration.standingTarget / .seconds(1))
            let isTooMuch = isProven(engine: engine) && pace(engine: engine).mean(standing[engine].load) > most
            standing[engine].update(isTooMuch: isTooMuch, calm: configuration.standingInterval, now: now)
            // There is room: whoever was told to come later may come now.
            if queues[engine].isEmpty { promisedUntil[engine] = now }
        }
        settle(now: now, &actions)
    }

    private mutating func dispatch(engine: Int, now: Instant, _ actions: inout [PoolAction]) {
        var idle = idleSlots(engine: engine)
        var openings = devices.indices.map { opening(engine: engine, device: $0, now: now) }
        // Passed over, and they stay so while others are only added to what runs.
        var passedOver: Set<JobID> = []
        while !idle.isEmpty, openings.contains(where: { $0.count > 0 }), usableOpenings(engine: engine) > 0,
            let (job, best) = next(engine: engine, idle, openings, &passedOver, now: now, &actions)
        {
            let slot = idle.remove(at: best)
            for index in idle.indices where idle[index].id.process == slot.id.process { idle[index].busySlots += 1 }
            leaveQueue(job)
            start(job, on: slot, now: now, &actions)
            openings[slot.device] = opening(engine: engine, device: slot.device, now: now)
        }
    }

    /// The first job that can be started, and on which of the idle slots. One that never can be is ended.
    private mutating func next(
        engine: Int,
        _ idle: [IdleSlot],
        _ openings: [Opening],
        _ passedOver: inout Set<JobID>,
        now: Instant,
        _ actions: inout [PoolAction]
    ) -> (Job, Int)? {
        for id in queues[engine].inOrder where !passedOver.contains(id) {
            guard passedOver.count < Self.lookahead else { return nil }
            // The queue and the table of jobs change together.
            guard let job = jobs[id] else { preconditionFailure("a queued job is known") }
            if let deadline = job.request.deadline, deadline <= now {
                expire(job, now: now, &actions)
                continue
            }
            if let best = best(of: idle, for: job, openings) { return (job, best) }
            passedOver.insert(id)
            let lacksMemory = idle.contains {
                isRunnable(job, on: $0) && isAdmitted(job, on: $0, openings) == .lacksMemory
            }
            let isNew = lacksMemory && job.lacksMemorySince == nil
            if lacksMemory { noteShortage(of: job, now: now) }
            if isNew, job.failure?.outOfMemory != true, let end = tooLarge(engine: job.engine, units: job.units) {
                leaveQueue(job)
                self.end(id, .tooLarge(needsBytes: end.needed, hasBytes: end.most), now: now, &actions)
            }
        }
        return nil
    }

    /// How many jobs that cannot be started are looked past for one that can.
    package static let lookahead = 64

    private mutating func start(_ job: Job, on slot: IdleSlot, now: Instant, _ actions: inout [PoolAction]) {
        var job = job
        memoryWaiters.remove(job.id)
        job.lacksMemorySince = nil
        let mark = figures[job.engine][slot.device].curve.started(now: now)
        job.state = .running(slot.id, since: now, mark: mark)
        jobs[job.id] = job
        queues[job.engine].began(job.key, seconds: job.seconds)
        self[slot.id] = .busy(job.id)
        let index = slot.id.process.instance.index
        instances[index].slots[slot.id.index].peakBytes = peak(of: job, device: slot.device)
        instances[index].slots[slot.id.index].movedAt = now
        instances[index].slots[slot.id.index].patience = patience(with: job)
        instances[index].slots[slot.id.index].isStalled = false
        actions.append(.run(job.id, slot.id))
    }

    private func best(of idle: [IdleSlot], for job: Job, _ openings: [Opening]) -> Int? {
        idle.indices.lazy
            .filter { isRunnable(job, on: idle[$0]) && isAdmitted(job, on: idle[$0], openings) == .yes }
            .min { idle[$0] < idle[$1] }
    }

    private func isRunnable(_ job: Job, on slot: IdleSlot) -> Bool {
        isRunnable(job, on: instances[slot.id.process.instance.index], idleSince: slot.since)
    }

    // MARK: Idle slots

    /// A slot that could run a job, and what decides whether it is the next to get one.
    private struct IdleSlot: Comparable {
        let id: SlotID
        let device: Int
        /// Slots of its instance that are busy.
        var busySlots: Int
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
                idle.append(IdleSlot(id: id, device: instance.device, busySlots: busySlots, since: since))
            }
        }
        return idle
    }

    // MARK: Room

    /// What a device has to give to the jobs of one engine.
    private struct Opening {
        /// Jobs of the engine that may still be started.
        var count: Int
        /// Memory for them; `nil` if nobody knows how much there is.
        var roomBytes: Int?
        /// Whether nothing at all runs there.
        var isQuiet: Bool
        /// Whether what runs there has to be alone.
        var isTaken: Bool
        /// The job that has waited so long for memory there that it comes before all others.
        var heldFor: JobID?
    }

    private enum Answer { case yes, no, lacksMemory }

    private func opening(engine: Int, device: Int, now: Instant) -> Opening {
        let busy = instances.lazy.filter { $0.device == device }.flatMap(\.slots).compactMap(\.busyJob)
        return Opening(
            count: openings(engine: engine, device: device),
            roomBytes: ledger(of: device)?.roomBytes,
            isQuiet: busy.isEmpty,
            isTaken: busy.contains { jobs[$0]?.isToBeAlone(on: device, in: self) ?? false },
            heldFor: longestWaiter(for: device, now: now)
        )
    }

    private func isAdmitted(_ job: Job, on slot: IdleSlot, _ openings: [Opening]) -> Answer {
        let opening = openings[slot.device]
        if opening.count <= 0 { return .no }
        if opening.isTaken { return .lacksMemory }
        if let holder = opening.heldFor, holder != job.id { return .lacksMemory }
        if job.isToBeAlone(on: slot.device, in: self) { return opening.isQuiet ? .yes : .lacksMemory }
        guard let room = opening.roomBytes else { return .yes }
        // What nobody has measured yet is measured alone.
        if opening.isQuiet, figures[job.engine][slot.device].peakBytes.count == 0 { return .yes }
        let instance = instances[slot.id.process.instance.index]
        let more = charge(of: instance, morePeakBytes: peak(of: job, device: slot.device)) - charge(of: instance)
        return more <= room ? .yes : .lacksMemory
    }
}

extension Slot {
    /// The job that it works on, cancelled or not.
    fileprivate var busyJob: JobID? {
        switch state {
        case .busy(let job), .interrupted(let job, _): job
        case .opening, .idle: nil
        }
    }
}
