import DequeModule

extension Pool {
    // MARK: Events

    /// The memory was read.
    package mutating func memoryRead(_ reading: MemoryReading, now: Instant) -> [PoolAction] {
        var actions: [PoolAction] = []
        take(reading, &actions)
        isUnderPressure = reading.pressure > configuration.pressureLimit
        for device in devices.indices {
            makeRoom(device: device, now: now, &actions)
            replaceCreeping(device: device, now: now, &actions)
        }
        shedBulk(now: now, &actions)
        fill(&actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// A process needed so many bytes above its floor for a text of so many units.
    package mutating func peakMeasured(_ process: ProcessID, units: Int, bytes: Int) {
        guard isCurrent(process) else { return }
        let instance = instances[process.instance.index]
        figures[instance.engine][instance.device].peakBytes.observe(units: units, value: Double(max(0, bytes)))
    }

    /// A sample was spoken in so many seconds, and made so much audio.
    package mutating func sampleSpoken(_ process: ProcessID, units: Int, in duration: Duration, audio: Duration) {
        guard isCurrent(process) else { return }
        let instance = instances[process.instance.index]
        figures[instance.engine][instance.device].seconds.observe(units: units, value: duration / .seconds(1))
        figures[instance.engine][instance.device].audioSeconds.observe(units: units, value: audio / .seconds(1))
    }

    // MARK: What is known

    /// What was read before a process ended says nothing certain of its device any more. Another reading has been
    /// asked for since then.
    private mutating func take(_ reading: MemoryReading, _ actions: inout [PoolAction]) {
        for device in devices.indices where reading.taken >= devices[device].lastRelease {
            for index in instances.indices where instances[index].device == device && instances[index].hasProcess {
                guard let memory = reading.processes[instances[index].process] else { continue }
                take(memory, of: index, taken: reading.taken, &actions)
            }
            guard let memory = reading.devices[devices[device].name] else { continue }
            devices[device].memory = memory
            devices[device].foreignBytes = max(0, memory.usedBytes - heldBytes(on: device, reading))
            devices[device].unreleasedBytes = 0
        }
    }

    private mutating func take(_ memory: HeldMemory, of index: Int, taken: Instant, _ actions: inout [PoolAction]) {
        let isIdle = instances[index].isIdle(since: taken)
        instances[index].footprint.read(
            memory,
            isServing: instances[index].hasServed(since: taken),
            isIdle: isIdle,
            peakBytes: peakBytes(of: instances[index], since: taken),
            isWarm: instances[index].jobsOfProcess >= Self.warmJobs
        )
        let isMeasured = instances[index].measuredSince.map { $0 <= taken } ?? false
        if isIdle || isMeasured { learnFloor(of: instances[index].id, memory, &actions) }
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
        instances.reduce(0) { sum, instance in
            guard instance.device == device, instance.hasProcess else { return sum }
            return sum + (reading.processes[instance.process]?.heldBytes ?? instance.footprint.leastBytes)
        }
    }

    /// Whether nothing is known yet of what a process holds that has loaded.
    package func isUnread(_ process: ProcessID) -> Bool {
        guard isCurrent(process) else { return false }
        let instance = instances[process.instance.index]
        if case .measuring = instance.state { return true }
        return instance.isServing && instance.footprint.floorBytes == nil
    }

    /// Jobs after which a process has allocated what it keeps.
    private static let warmJobs = 3

    private mutating func learnFloor(of id: InstanceID, _ memory: HeldMemory, _ actions: inout [PoolAction]) {
        let instance = instances[id.index]
        let hasPeers = instances.contains {
            $0.id != id && $0.engine == instance.engine && $0.device == instance.device && $0.hasProcess
        }
        let wasKnown = figures[instance.engine][instance.device].floorBytes != nil
        if hasPeers {
            figures[instance.engine][instance.device].addedBytes = max(0, memory.ownBytes - memory.cacheBytes)
        } else {
            figures[instance.engine][instance.device].floorBytes = max(0, memory.heldBytes - memory.cacheBytes)
        }
        if !wasKnown, instance.isReady { limit(id, &actions) }
    }

    /// An instance had too little memory for a job: the next time it is predicted to need half as much again, or all
    /// that there is.
    mutating func learnShortage(_ id: JobID, on slot: SlotID) {
        guard let job = jobs[id] else { preconditionFailure("a busy slot has a running job") }
        let device = instances[slot.process.instance.index].device
        guard let memory = devices[device].memory else { return }
        let predicted = figures[job.engine][device].peak(units: job.units)
        let raised = min(max(predicted + predicted / 2, Self.leastShortageBytes), memory.totalBytes)
        figures[job.engine][device].peakBytes.observe(units: job.units, value: Double(raised))
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
        let peers = instances.indices.filter {
            instances[$0].engine == instances[id.index].engine && instances[$0].device == device
                && instances[$0].footprint.sharedBytes > 0
        }
        for peer in peers { instances[peer].footprint.share(withFewer: peers.count) }
        instances[id.index].jobsOfProcess = 0
        instances[id.index].isRetired = false
    }

    /// Sets an instance's wall, if it is known where it has to stand.
    mutating func limit(_ id: InstanceID, _ actions: inout [PoolAction]) {
        let instance = instances[id.index]
        guard figures[instance.engine][instance.device].floorBytes != nil,
            let budget = budget(engine: instance.engine, device: instance.device)
        else { return }
        instances[id.index].budgetBytes = budget
        actions.append(.limit(instance.process, memoryBytes: budget))
    }

    // MARK: Trouble

    /// When nothing of the reserve is left, the instance goes that holds more than its budget, whatever it does. If
    /// there is none, others have taken the memory, and the one goes that has done nothing for the longest time, of
    /// an engine that has more than its least number. One at a time: the next reading shows what it has brought.
    private mutating func makeRoom(device: Int, now: Instant, _ actions: inout [PoolAction]) {
        guard let ledger = ledger(of: device), ledger.isReserveGone, devices[device].unreleasedBytes == 0,
            !instances.contains(where: { $0.device == device && $0.hasProcess && !$0.isReady })
        else { return }
        let over = instances.filter { $0.device == device && $0.isServing && $0.overBudgetBytes > 0 }
        if let worst = over.max(by: { $0.overBudgetBytes < $1.overBudgetBytes }) {
            instances[worst.id.index].isRetired = true
            terminate(worst.id, because: .overBudget, now: now, &actions)
            return
        }
        let idle = instances.filter { instance in
            instance.device == device && instance.isIdle(since: now)
                && liveInstances(engine: instance.engine)
                    > configuration.engines[instance.engine].instances.lowerBound
        }
        guard let last = idle.min(by: { $0.idleSince < $1.idleSince }) else { return }
        retire(last.id, because: .roomNeeded, now: now, &actions)
    }

    /// A process that holds ever more is replaced before it has all, one on a device at a time.
    private mutating func replaceCreeping(device: Int, now: Instant, _ actions: inout [PoolAction]) {
        let own = instances.filter { $0.device == device }
        guard !own.contains(where: { $0.isComing || $0.isRetired }),
            let creeping = own.first(where: { $0.isReady && $0.footprint.creeps })
        else { return }
        retire(creeping.id, because: .memoryCreeps, now: now, &actions)
    }

    private mutating func shedBulk(now: Instant, _ actions: inout [PoolAction]) {
        guard isUnderPressure else { return }
        for queue in queues {
            for id in queue.waiting {
                guard let job = jobs[id], job.jobClass == .bulk else { continue }
                leaveQueue(job)
                end(id, .shed(retryAfter: retryAfter(engine: job.engine)), now: now, &actions)
            }
        }
    }

    /// Why a job cannot be taken for want of memory, now or ever.
    mutating func shortage(for request: JobRequest) -> Admission.Refusal? {
        if isUnderPressure, request.jobClass == .bulk {
            return .shed(retryAfter: retryAfter(engine: request.engine))
        }
        return tooLarge(engine: request.engine, units: request.units)
            .map { .tooLarge(needsBytes: $0.needed, hasBytes: $0.most) }
    }

    /// What a text needs and the most that any device has for it, in bytes, if no device has enough even for it alone.
    func tooLarge(engine: Int, units: Int) -> (needed: Int, most: Int)? {
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
