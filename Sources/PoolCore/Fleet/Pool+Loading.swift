extension Pool {
    /// The places of an engine's least number of instances, dealt to its devices in turn.
    mutating func makePlaces(engine: Int) {
        let placements = configuration.engines[engine].placements
        var known = instances.filter { $0.engine == engine }.map(\.device)
        var left = configuration.engines[engine].instances.lowerBound
        var rounds = 0
        while left > 0, placements.contains(where: { $0.maximum > rounds }) {
            for placement in placements where placement.maximum > rounds && left > 0 {
                guard let device = devices.firstIndex(where: { $0.name == placement.device }) else { continue }
                if let index = known.firstIndex(of: device) {
                    known.remove(at: index)
                } else {
                    _ = instances.makePlace(engine: engine, device: device)
                }
                left -= 1
            }
            rounds += 1
        }
    }

    /// Starts what is to be started and has room: on a device of which we know the memory one at a time, so that each
    /// can be measured and the next is decided by what is true then.
    mutating func fill(now: Instant, _ actions: inout [PoolAction]) {
        guard !isStopping else { return }
        var isDone = false
        var isStoodInFor = false
        while !isDone {
            isDone = true
            for device in devices.indices { learnFromTwins(of: device) }
            // The devices get theirs in turn, so that what may be anywhere is spread.
            for device in devices.indices where devices[device].memory == nil || !isLoading(device: device) {
                guard let engine = nextEngine(device: device) else { continue }
                let vacant = instances.on(device).first { instances[$0].engine == engine && !instances[$0].isTaken }
                let place = vacant.map { instances[$0].id } ?? instances.makePlace(engine: engine, device: device)
                startProcess(of: place, &actions)
                isDone = false
                if configuration.engines[engine].spares > 0 { isStoodInFor = true }
            }
        }
        // Spares work until those that are on their way serve.
        if isStoodInFor { dispatch(now: now, &actions) }
    }

    private func isLoading(device: Int) -> Bool { instances.on(device).contains { instances[$0].isComing } }

    /// The engine that is to have one more instance on a device: one that has not its least number first, then the one
    /// with the fewest. What one that lacks its least number needs is not given to others.
    private func nextEngine(device: Int) -> Int? {
        let wanted = configuration.engines.indices.filter { hasPlace(engine: $0, device: device) }
        let lacking = wanted.filter { liveInstances(engine: $0) < configuration.engines[$0].instances.lowerBound }
        if !lacking.isEmpty { return lacking.first { hasRoomToLoad(engine: $0, device: device) } }
        return wanted.filter { hasRoomToLoad(engine: $0, device: device) }
            .min { (liveInstances(engine: $0), $0) < (liveInstances(engine: $1), $1) }
    }

    private func hasPlace(engine: Int, device: Int) -> Bool {
        let configured = configuration.engines[engine]
        guard instances.count(engine: engine).taken < configured.instances.upperBound else { return false }
        let here = instances.count(engine: engine, device: device)
        let maximum = configured.placements.first { $0.device == devices[device].name }?.maximum ?? 0
        guard here.taken < maximum else { return false }
        let hasVacant = here.free > 0
        if here.dead > 0 {
            // Where one has died, more than are needed would only die as well, and so would one in its stead.
            return hasVacant && liveInstances(engine: engine) < configured.instances.lowerBound
        }
        if hasVacant { return true }
        // Without a ledger, what is elastic is bounded by its places alone.
        return configured.isElastic && here.all < maximum
    }

    mutating func startProcess(of id: InstanceID, _ actions: inout [PoolAction]) {
        let budget = budgetOfNext(engine: instances[id.index].engine, device: instances[id.index].device)
        move(id, to: .starting)
        instances[id.index].incarnation += 1
        let revision = revisions[instances[id.index].engine]
        instances[id.index].revision = revision.current
        instances[id.index].isOnTrial = !revision.isProven && revision.previous != nil
        instances[id.index].budgetBytes = budget
        let instance = instances[id.index]
        actions.append(
            .spawn(
                instance.process,
                engine: instance.engine,
                device: devices[instance.device].name,
                memoryBytes: budget
            )
        )
    }

    /// Whether an engine has fewer instances than it is to have at least, for want of room.
    package func lacksRoom(engine: Int) -> Bool {
        instances.count(engine: engine).taken < configuration.engines[engine].instances.lowerBound
            && liveInstances(engine: engine) < configuration.engines[engine].instances.lowerBound
    }

    /// The first of its kind on a device speaks samples, if how many more there are to be depends on it.
    func wantsMeasuring(_ id: InstanceID) -> Bool {
        let instance = instances[id.index]
        return devices[instance.device].memory != nil
            && configuration.engines[instance.engine].isElastic
            && figures(of: instance).floorBytes == nil
    }

    // MARK: Devices of one model

    /// What was measured on a device of the same model holds here.
    private mutating func learnFromTwins(of device: Int) {
        for engine in configuration.engines.indices
        where figuresOfNext(engine: engine, device: device).floorBytes == nil {
            let twin = twins(of: device).first { twin in
                figuresOfNext(engine: engine, device: twin).floorBytes != nil
                    && !isBeingMeasured(engine: engine, on: twin)
            }
            guard let twin else { continue }
            var known = figuresOfNext(engine: engine, device: twin)
            // How many run here is this device's own affair.
            known.curve = figuresOfNext(engine: engine, device: device).curve
            revisions[engine].measured[revisions[engine].current]?[device] = known
        }
    }

    /// Whether the first instance of an engine is on its way on a device of the same model, and tells soon what it
    /// needs.
    func isBeingMeasured(engine: Int, likeOn device: Int) -> Bool {
        twins(of: device).contains { isBeingMeasured(engine: engine, on: $0) }
    }

    private func isBeingMeasured(engine: Int, on device: Int) -> Bool {
        guard instances.count(engine: engine, device: device).coming > 0 else { return false }
        let own = instances.on(device).lazy.map { instances[$0] }
            .filter { $0.engine == engine && $0.revision == revisions[engine].current }
        return own.contains(where: \.isComing) && !own.contains(where: \.isServing)
    }

    private func twins(of device: Int) -> [Int] {
        guard let model = devices[device].model else { return [] }
        return devices.indices.filter { $0 != device && devices[$0].model == model }
    }

    // MARK: Leaving

    /// An instance is to end: it gets no more work, and ends when it has none.
    mutating func retire(
        _ id: InstanceID,
        because cause: PoolAction.Cause,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        instances[id.index].isRetired = true
        instances[id.index].retirement = cause
        move(id, to: .draining)
        endIfDrained(id, now: now, &actions)
    }

    /// Ends an instance that gets no more work and has none.
    mutating func endIfDrained(_ id: InstanceID, now: Instant, _ actions: inout [PoolAction]) {
        guard instances[id.index].state == .draining, instances[id.index].busySlots == 0 else { return }
        terminate(id, because: instances[id.index].retirement, now: now, &actions)
    }
}
