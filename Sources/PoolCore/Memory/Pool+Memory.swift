extension Pool {
    // MARK: Events

    /// The memory was read.
    package mutating func memoryRead(_ reading: MemoryReading, now: Instant) -> [PoolAction] {
        var actions: [PoolAction] = []
        isUnderPressure = reading.pressure > configuration.pressureLimit
        for device in devices.indices where take(reading, device: device) {
            moveWalls(device: device, &actions)
            if !askForCaches(device: device, &actions) { makeRoom(device: device, now: now, &actions) }
            replaceCreeping(device: device, now: now, &actions)
        }
        shedBulk(now: now, &actions)
        refuseTooLarge(now: now, &actions)
        fill(now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// A process needed so many bytes above its floor for a text of so many units.
    package mutating func peakMeasured(_ process: ProcessID, units: Int, bytes: Int) {
        guard isCurrent(process) else { return }
        let instance = instances[process.instance.index]
        learn(of: instance) { $0.peakBytes.observe(units: units, value: Double(max(0, bytes))) }
    }

    /// A sample was spoken in so many seconds, and made so much audio.
    package mutating func sampleSpoken(_ process: ProcessID, units: Int, in duration: Duration, audio: Duration) {
        guard isCurrent(process) else { return }
        let instance = instances[process.instance.index]
        learn(of: instance) { figures in
            figures.seconds.observe(units: units, value: duration / .seconds(1))
            figures.audioSeconds.observe(units: units, value: audio / .seconds(1))
        }
    }

    /// A sample showed no progress for so long at the most.
    package mutating func sampleStoodStill(_ process: ProcessID, units: Int, for duration: Duration) {
        guard isCurrent(process) else { return }
        learn(of: instances[process.instance.index]) {
            $0.stillness.observe(units: units, value: duration / .seconds(1))
        }
    }

    // MARK: What is known

    /// What was read before a process ended says nothing certain of its device any more. Another reading has been
    /// asked for since then.
    /// - Returns: whether the reading says how full the device is.
    private mutating func take(_ reading: MemoryReading, device: Int) -> Bool {
        let memory = reading.devices[devices[device].name]
        if memory == nil, devices[device].lastRelease.duration(to: reading.taken) > Self.releaseTimeout {
            // A driver that has gone does not say when it is free.
            devices[device].unreleasedBytes = 0
        }
        // What processes hold and what others use belong together.
        guard reading.taken >= devices[device].lastRelease, memory != nil || devices[device].memory == nil else {
            return false
        }
        for index in instances.on(device) where instances[index].hasProcess {
            guard let held = reading.processes[instances[index].process] else { continue }
            take(held, of: index, taken: reading.taken)
        }
        guard let memory else { return false }
        devices[device].memory = memory
        devices[device].foreignBytes = max(0, memory.usedBytes - heldBytes(on: device, reading))
        devices[device].unreleasedBytes = 0
        return true
    }

    private mutating func take(_ memory: HeldMemory, of index: Int, taken: Instant) {
        let isIdle = instances[index].isIdle(since: taken)
        instances[index].footprint.read(
            memory,
            taken: taken,
            isServing: instances[index].hasServed(since: taken),
            isIdle: isIdle,
            peakBytes: peakBytes(of: instances[index], since: taken),
            isWarm: instances[index].jobsOfProcess >= Self.warmJobs,
            isQuiet: instances[index].busySlots == 0
        )
        guard let floor = instances[index].footprint.floorBytes else { return }
        // The kept figures may be of another model with the same name. No wall may be lower than the memory in use.
        let isMore = !instances[index].isWalled && floor > figures(of: instances[index]).floorBytes ?? -1
        if isIdle || isMore && instances[index].hasServed(since: taken) { learnFloor(of: instances[index].id, memory) }
    }

    /// What an instance's jobs need at most; `nil` if they have not been the same since this moment.
    private func peakBytes(of instance: Instance, since moment: Instant) -> Int? {
        var bytes = 0
        for slot in instance.slots {
            switch slot.state {
            case .idle(let since) where since <= moment: break
            case .busy(let job):
                guard case .running(_, let since, _)? = jobs[job]?.state, since <= moment else { return nil }
                bytes += slot.peakBytes
            case .opening, .idle, .interrupted: return nil
            }
        }
        return bytes
    }

    /// What is ours of a device. Who was left out of the reading holds what it always does.
    private func heldBytes(on device: Int, _ reading: MemoryReading) -> Int {
        instances.on(device).lazy.map { instances[$0] }.filter(\.hasProcess).reduce(0) { sum, instance in
            sum + (reading.processes[instance.process]?.heldBytes ?? instance.footprint.leastBytes)
        }
    }

    /// Whether nothing is known yet of what a process holds that has loaded.
    package func isUnread(_ process: ProcessID) -> Bool {
        guard isCurrent(process) else { return false }
        let instance = instances[process.instance.index]
        if case .measuring = instance.state { return true }
        return instance.isServing && instance.footprint.floorBytes == nil
    }

    /// How long what a process held is taken for not released when nobody says that it is.
    package static let releaseTimeout = Duration.seconds(60)
    /// Jobs after which a process has allocated what it keeps.
    private static let warmJobs = 3

    mutating func learnFloor(of id: InstanceID, _ memory: HeldMemory) {
        let instance = instances[id.index]
        let hasPeers = instances.on(instance.device).map { instances[$0] }
            .contains { $0.id != id && isTwin($0, of: instance) && $0.hasProcess }
        learn(of: instance) { figures in
            if hasPeers {
                figures.addedBytes = max(0, memory.ownBytes - memory.cacheBytes)
            } else {
                figures.floorBytes = max(0, memory.heldBytes - memory.cacheBytes)
            }
        }
    }

    /// An instance had too little memory for a job: such a text is predicted to need half as much again as this one
    /// was, or all that there is for it. How many run out at once makes no difference.
    mutating func learnShortage(_ id: JobID, on slot: SlotID) {
        guard let job = jobs[id] else { preconditionFailure("a busy slot has a running job") }
        let instance = instances[slot.process.instance.index]
        guard let room = emptyRoomBytes(for: instance) else { return }
        let predicted = instance.slots[slot.index].peakBytes
        let raised = min(max(predicted + predicted / 2, Self.leastShortageBytes), room)
        learn(of: instance) { $0.peakBytes.observe(units: job.units, value: Double(raised)) }
    }

    /// A sample ran out of memory, though its instance was alone: its like can never be spoken there.
    package mutating func sampleRanOut(_ process: ProcessID, units: Int) {
        guard isCurrent(process) else { return }
        let instance = instances[process.instance.index]
        guard let memory = devices[instance.device].memory else { return }
        learn(of: instance) { $0.peakBytes.observe(units: units, value: Double(memory.totalBytes)) }
    }

    /// What a device has for a job of an instance that is alone on it, in bytes; `nil` if nobody knows.
    private func emptyRoomBytes(for instance: Instance) -> Int? {
        guard let ledger = ledger(of: instance.device) else { return nil }
        return max(0, ledger.capacityBytes - ledger.reserveBytes - (figures(of: instance).floorBytes ?? 0))
    }

    /// What a job that ran out of memory needs at least.
    private static let leastShortageBytes = 16 << 20

    /// A process ended. What it held is free when the next reading says so.
    mutating func release(_ id: InstanceID, heldBytes: Int, now: Instant, _ actions: inout [PoolAction]) {
        let device = instances[id.index].device
        devices[device].unreleasedBytes += heldBytes
        devices[device].lastRelease = now
        if devices[device].memory != nil { actions.append(.readMemory) }
        instances[id.index].footprint = Footprint()
        let peers = instances.on(device).filter {
            isTwin(instances[$0], of: instances[id.index]) && instances[$0].footprint.sharedBytes > 0
        }
        for peer in peers { instances[peer].footprint.share(withFewer: peers.count) }
        instances[id.index].jobsOfProcess = 0
        instances[id.index].isRetired = false
        instances[id.index].isOnTrial = false
        instances[id.index].isWalled = false
        instances[id.index].wish = nil
        instances[id.index].askedAt = nil
        instances[id.index].badAudio = 0
    }

    /// A wall is set when an instance serves and has been read, so that it is known what it has, and moves when its
    /// texts turn out to take more.
    private mutating func moveWalls(device: Int, _ actions: inout [PoolAction]) {
        for instance in instances.on(device).map({ instances[$0] }) where instance.isServing {
            guard instance.footprint.floorBytes != nil, let budget = budget(of: instance) else { continue }
            let limit = instance.budgetBytes.map { $0 + $0 / 8 } ?? 0
            guard !instance.isWalled || budget > limit else { continue }
            instances[instance.id.index].budgetBytes = budget
            instances[instance.id.index].isWalled = true
            actions.append(.limit(instance.process, memoryBytes: budget))
        }
    }

    // MARK: Trouble

    /// When there is no room, or something waits for it, idle instances are asked for what they keep for their next
    /// job.
    /// - Returns: whether any was; the next reading shows what it has brought.
    private mutating func askForCaches(device: Int, _ actions: inout [PoolAction]) -> Bool {
        guard let ledger = ledger(of: device), ledger.roomBytes < 0 || !memoryWaiters.isEmpty else { return false }
        let keeping = instances.on(device).map { instances[$0] }.filter { instance in
            instance.isReady && instance.busySlots == 0
                && instance.footprint.cacheBytes > instance.footprint.askedBytes
        }
        for instance in keeping {
            instances[instance.id.index].footprint.askedBytes = instance.footprint.cacheBytes
            actions.append(.release(instance.process))
        }
        return !keeping.isEmpty
    }

    /// When nothing of the reserve is left, the instance goes that holds more than its budget, whatever it does. If
    /// there is none, others have taken the memory, and the one goes that has done nothing for the longest time, of
    /// an engine that has more than its least number. One at a time: the next reading shows what it has brought.
    private mutating func makeRoom(device: Int, now: Instant, _ actions: inout [PoolAction]) {
        guard let ledger = ledger(of: device), ledger.isReserveGone, devices[device].unreleasedBytes == 0,
            case let here = instances.on(device).map({ instances[$0] }),
            !here.contains(where: { $0.hasProcess && !$0.isReady })
        else { return }
        let over = here.filter { $0.isServing && $0.overBudgetBytes > 0 }
        if let worst = over.max(by: { $0.overBudgetBytes < $1.overBudgetBytes }) {
            instances[worst.id.index].isRetired = true
            terminate(worst.id, because: .overBudget, now: now, &actions)
            return
        }
        let idle = here.filter { instance in
            instance.isIdle(since: now)
                && liveInstances(engine: instance.engine)
                    > configuration.engines[instance.engine].instances.lowerBound
        }
        guard let last = idle.min(by: { $0.idleSince < $1.idleSince }) else { return }
        retire(last.id, because: .roomNeeded, now: now, &actions)
    }

    /// A process that holds ever more is replaced before it has all, one on a device at a time.
    private mutating func replaceCreeping(device: Int, now: Instant, _ actions: inout [PoolAction]) {
        let own = instances.on(device).map { instances[$0] }
        guard !own.contains(where: { $0.isComing || $0.isRetired }),
            let creeping = own.first(where: { $0.isReady && $0.footprint.creeps })
        else { return }
        retire(creeping.id, because: .memoryCreeps, now: now, &actions)
    }

    private mutating func shedBulk(now: Instant, _ actions: inout [PoolAction]) {
        guard isUnderPressure else { return }
        let bulk = jobs.values.filter { $0.request.jobClass == .bulk && isWaiting($0.id) }
        for job in bulk.sorted(by: { $0.id.number < $1.id.number }) {
            leaveQueue(job)
            end(job.id, .shed(retryAfter: retryAfter(for: job, wait: .zero, now: now)), now: now, &actions)
        }
    }

    /// Ends jobs of which it has turned out meanwhile that they can never run.
    private mutating func refuseTooLarge(now: Instant, _ actions: inout [PoolAction]) {
        for id in memoryWaiters.sorted(by: { $0.number < $1.number }) {
            guard let job = jobs[id], job.failure?.outOfMemory != true,
                let end = tooLarge(engine: job.engine, units: job.units)
            else { continue }
            leaveQueue(job)
            self.end(id, .tooLarge(needsBytes: end.needed, hasBytes: end.most), now: now, &actions)
        }
    }

    /// Why a job cannot be taken for want of memory, now or ever.
    mutating func shortage(for job: Job, now: Instant) -> Admission.Refusal? {
        if isUnderPressure, job.request.jobClass == .bulk {
            return .shed(retryAfter: retryAfter(for: job, wait: .zero, now: now))
        }
        return tooLarge(engine: job.engine, units: job.units)
            .map { .tooLarge(needsBytes: $0.needed, hasBytes: $0.most) }
    }

    /// What a text needs and the most that any device has for it, in bytes, if no device has enough even for it alone.
    func tooLarge(engine: Int, units: Int) -> (needed: Int, most: Int)? {
        // An engine that is gone does its last jobs where it still is.
        guard !configuration.engines[engine].placements.isEmpty else { return nil }
        var most = Int.min
        var needed = 0
        for placement in configuration.engines[engine].placements {
            guard let device = devices.firstIndex(where: { $0.name == placement.device }),
                let ledger = ledger(of: device), let floor = figures[engine][device].floorBytes,
                figures[engine][device].peakBytes.count > 0
            else { return nil }
            let room = ledger.capacityBytes - ledger.reserveBytes - floor
            let peak = figures[engine][device].peak(units: units)
            if peak <= room { return nil }
            if room > most { (most, needed) = (max(0, room), peak) }
        }
        return (needed, most)
    }
}
