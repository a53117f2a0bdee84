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
            let isTooMuch = isTooMuch(standing[engine].load, engine: engine)
            standing[engine].update(isTooMuch: isTooMuch, calm: configuration.standingInterval, now: now)
            // There is room: whoever was told to come later may come now.
            if queues[engine].isEmpty { promisedUntil[engine] = now }
        }
        settle(now: now, &actions)
    }

    /// Whether the slots of an engine are busy with a load for longer than anything should wait.
    private func isTooMuch(_ load: Load, engine: Int) -> Bool {
        guard load.jobs > 0, isProven(engine: engine) else { return false }
        let slots = Double(max(1, usableSlots(engine: engine)))
        return pace(engine: engine).mean(load) > slots * (configuration.standingTarget / .seconds(1))
    }

    private mutating func dispatch(engine: Int, now: Instant, _ actions: inout [PoolAction]) {
        var idle = idleSlots(engine: engine)
        var openings: [Int: Opening] = [:]
        for slot in idle where openings[slot.device] == nil {
            openings[slot.device] = opening(engine: engine, device: slot.device, now: now)
        }
        // A barred job stays barred while the only change is that more jobs run.
        var barred = Barred()
        while !idle.isEmpty, usableOpenings(engine: engine) > 0,
            let (job, best) = next(engine: engine, idle, openings, &barred, now: now, &actions)
        {
            let slot = idle.remove(at: best)
            for index in idle.indices where idle[index].id.process == slot.id.process { idle[index].busySlots += 1 }
            leaveQueue(job)
            start(job, on: slot, now: now, &actions)
            let opening = opening(engine: engine, device: slot.device, now: now)
            openings[slot.device] = opening
            if opening.count <= 0 { idle.removeAll { $0.device == slot.device } }
        }
    }

    /// The first job that can be started, and on which of the idle slots. One that never can be is ended, and then
    /// others of its utterance may be due at another time.
    private mutating func next(
        engine: Int,
        _ idle: [IdleSlot],
        _ openings: [Int: Opening],
        _ barred: inout Barred,
        now: Instant,
        _ actions: inout [PoolAction]
    ) -> (Job, Int)? {
        var order = queues[engine].inOrder
        while let id = order.next() {
            guard !barred.jobs.contains(id) else { continue }
            // The queue and the table of jobs change together.
            guard let job = jobs[id] else { preconditionFailure("a queued job is known") }
            let kinds = barred.tenants[job.key]
            if kinds == nil, barred.tenants.count >= Self.lookahead { return nil }
            if let kinds, kinds >= Self.lookahead {
                // Those that have failed before stand in front, of all tenants together.
                if job.failure == nil { order.skipTenant() }
                continue
            }
            if let deadline = job.request.deadline, deadline <= now {
                expire(job, now: now, &actions)
                order = queues[engine].inOrder
                continue
            }
            if let text = job.request.text, barred.texts.contains(text) || isSuspectElsewhere(job) {
                barred.note(job, text: text)
                continue
            }
            let isHolder = openings.values.contains { $0.heldFor == id }
            if !isHolder, let lacksMemory = barred.lacksMemory(job) {
                barred.jobs.insert(id)
                if lacksMemory, lackMemory(job, now: now, &actions) { order = queues[engine].inOrder }
                continue
            }
            if let best = best(of: idle, for: job, openings) { return (job, best) }
            let lacksMemory = idle.contains {
                isRunnable(job, on: $0) && isAdmitted(job, on: $0, openings) == .lacksMemory
            }
            barred.note(job, lacksMemory: lacksMemory)
            if lacksMemory, lackMemory(job, now: now, &actions) { order = queues[engine].inOrder }
        }
        return nil
    }

    /// Nothing but memory keeps a job from running: it waits for some, unless there can never be enough.
    /// - Returns: whether it was ended.
    private mutating func lackMemory(_ job: Job, now: Instant, _ actions: inout [PoolAction]) -> Bool {
        guard job.lacksMemorySince == nil else { return false }
        noteShortage(of: job, now: now)
        guard job.failure?.outOfMemory != true, let end = tooLarge(engine: job.engine, units: job.units) else {
            return false
        }
        leaveQueue(job)
        self.end(job.id, .tooLarge(needsBytes: end.needed, hasBytes: end.most), now: now, &actions)
        return true
    }

    /// How many kinds of jobs of one tenant that cannot be started are looked past for one that can, and how many
    /// tenants that have only such. Jobs of one text that is being tried are of one kind, and so are those that are no
    /// smaller than one for which there is no memory.
    package static let lookahead = 64

    /// The jobs that cannot be started now.
    private struct Barred {
        /// All that were looked at.
        var jobs: Set<JobID> = []
        /// Texts of which one is tried on one instance at a time.
        private(set) var texts: Set<TextDigest> = []
        /// How many kinds were found, by whose they are.
        private(set) var tenants: [JobQueue.Key: Int] = [:]
        /// The smallest that has not failed before, in units, and whether it lacks memory.
        private var smallest: (units: Int, lacksMemory: Bool)?

        /// Whether a job lacks memory, if it is no smaller than one that is barred; `nil` if it has to be looked at.
        func lacksMemory(_ job: Job) -> Bool? {
            guard let smallest, job.failure == nil, job.units >= smallest.units else { return nil }
            return smallest.lacksMemory
        }

        mutating func note(_ job: Job, text: TextDigest) {
            jobs.insert(job.id)
            if texts.insert(text).inserted { tenants[job.key, default: 0] += 1 }
        }

        mutating func note(_ job: Job, lacksMemory: Bool) {
            jobs.insert(job.id)
            tenants[job.key, default: 0] += 1
            guard job.failure == nil, smallest.map({ job.units < $0.units }) ?? true else { return }
            smallest = (job.units, lacksMemory)
        }
    }

    private mutating func start(_ job: Job, on slot: IdleSlot, now: Instant, _ actions: inout [PoolAction]) {
        var job = job
        memoryWaiters.remove(job.id)
        job.lacksMemorySince = nil
        let index = slot.id.process.instance.index
        let mark = learn(of: instances[index]) { $0.curve.started(now: now) }
        job.state = .running(slot.id, since: now, mark: mark)
        jobs[job.id] = job
        queues[job.engine].began(job.key, units: job.units, seconds: job.seconds)
        self[slot.id] = .busy(job.id)
        instances[index].slots[slot.id.index].peakBytes = peak(of: job, on: instances[index])
        // From now on its job's movement shows whether it lives.
        instances[index].askedAt = nil
        instances[index].slots[slot.id.index].movedAt = now
        instances[index].slots[slot.id.index].mark = devices[slot.device].crowd.started(now: now)
        instances[index].slots[slot.id.index].stillness = 0
        instances[index].slots[slot.id.index].isStalled = false
        actions.append(.run(job.id, slot.id))
    }

    private func best(of idle: [IdleSlot], for job: Job, _ openings: [Int: Opening]) -> Int? {
        var best: Int?
        for index in idle.indices where best.map({ idle[index] < idle[$0] }) ?? true {
            if isRunnable(job, on: idle[index]), isAdmitted(job, on: idle[index], openings) == .yes { best = index }
        }
        return best
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

    /// The idle slots on devices where more jobs of the engine may be started.
    private func idleSlots(engine: Int) -> [IdleSlot] {
        var idle: [IdleSlot] = []
        let measured = figures[engine]
        for number in instances.idle(engine: engine)
        where openings(engine: engine, device: instances[number].device, measured) > 0 {
            let busySlots = instances[number].busySlots
            for index in instances[number].slots.indices {
                guard case .idle(let since) = instances[number].slots[index].state else { continue }
                let id = SlotID(process: instances[number].process, index: index)
                idle.append(IdleSlot(id: id, device: instances[number].device, busySlots: busySlots, since: since))
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
        var isQuiet = true
        /// Whether what runs there has to be alone.
        var isTaken = false
        /// The job that has waited so long for memory there that it comes before all others.
        var heldFor: JobID?
    }

    private enum Answer { case yes, no, lacksMemory }

    private func opening(engine: Int, device: Int, now: Instant) -> Opening {
        var opening = Opening(
            count: openings(engine: engine, device: device, figures[engine]),
            roomBytes: ledger(of: device)?.roomBytes,
            heldFor: longestWaiter(for: device, now: now)
        )
        for number in instances.on(device) {
            for index in instances[number].slots.indices {
                guard let job = instances[number].slots[index].busyJob else { continue }
                opening.isQuiet = false
                if jobs[job]?.isToBeAlone(on: device, in: self) == true { opening.isTaken = true }
            }
        }
        return opening
    }

    private func isAdmitted(_ job: Job, on slot: IdleSlot, _ openings: [Int: Opening]) -> Answer {
        guard let opening = openings[slot.device], opening.count > 0 else { return .no }
        if opening.isTaken { return .lacksMemory }
        if let holder = opening.heldFor, holder != job.id { return .lacksMemory }
        if job.isToBeAlone(on: slot.device, in: self) { return opening.isQuiet ? .yes : .lacksMemory }
        guard let room = opening.roomBytes else { return .yes }
        // What nobody has measured yet is measured alone.
        let instance = instances[slot.id.process.instance.index]
        if opening.isQuiet, figures(of: instance).peakBytes.count == 0 { return .yes }
        let more = charge(of: instance, morePeakBytes: peak(of: job, on: instance)) - charge(of: instance)
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
