// Instances that are replaced: those that are old, that make bad audio, that somebody wants to be, and those whose
// engine is defined otherwise now. One of an engine at a time, and the new one first where memory allows.

extension Pool {
    /// Begins to replace the next instance of each engine that has one to be replaced, if nothing else is under way.
    mutating func replaceInstances(now: Instant, _ actions: inout [PoolAction]) {
        guard !isStopping else { return }
        for engine in configuration.engines.indices {
            trim(engine: engine, now: now, &actions)
            // One that is gone stays as it is until its last job is done.
            guard !configuration.engines[engine].placements.isEmpty, revisions[engine].replacement == nil,
                revisions[engine].notBefore <= now,
                let old = nextToReplace(engine: engine)
            else { continue }
            replace(old, now: now, &actions)
        }
    }

    /// The instance that is replaced first. An instance that cannot be replaced now, because its device is full, is
    /// passed over. `nil` while another instance of the engine starts or ends: at most one is missing at a time.
    private func nextToReplace(engine: Int) -> Instance? {
        let own = instances.indices.lazy.filter { instances[$0].engine == engine }
        let isSettled = own.allSatisfy { index in
            switch instances[index].state {
            case .vacant, .parked, .stopped, .ready: true
            case .backoff, .starting, .loading, .measuring, .draining, .stopping: false
            }
        }
        guard isSettled else { return nil }
        return own.first { index in
            instances[index].isReady && cause(toReplace: instances[index]) != nil && canBeReplaced(instances[index])
        }.map { instances[$0] }
    }

    private func cause(toReplace instance: Instance) -> PoolAction.Cause? {
        instance.revision == revisions[instance.engine].current ? instance.wish : .replaced
    }

    /// Whether one can go now. The last one does not go first for one that could not come then.
    private func canBeReplaced(_ old: Instance) -> Bool {
        let (engine, device) = (old.engine, old.device)
        guard hasPlace(old) else { return true }
        let isCounted = devices[device].memory != nil
        if isCounted, instances.on(device).contains(where: { instances[$0].isComing }) { return false }
        if hasRoomToLoad(engine: engine, device: device) { return true }
        let rivals = instances.filter { $0.engine == engine && $0.id != old.id && $0.isReady }
        if rivals.contains(where: { $0.revision == revisions[engine].current }) { return true }
        return hasRoomToLoad(engine: engine, device: device, inPlaceOf: [old] + rivals.filter { $0.device == device })
    }

    /// Whether instances of its engine may still be on its device.
    private func hasPlace(_ instance: Instance) -> Bool {
        configuration.engines[instance.engine].placements.contains { $0.device == devices[instance.device].name }
    }

    private mutating func replace(_ old: Instance, now: Instant, _ actions: inout [PoolAction]) {
        let (engine, device) = (old.engine, old.device)
        guard hasPlace(old), hasRoomToLoad(engine: engine, device: device) else {
            // It goes first.
            revisions[engine].replacement = Revision.Replacement(old: old.id, new: nil)
            retire(old.id, because: cause(toReplace: old) ?? .asked, now: now, &actions)
            return
        }
        let vacant = instances.on(device).first { instances[$0].engine == engine && !instances[$0].isTaken }
        let new = vacant.map { instances[$0].id } ?? instances.makePlace(engine: engine, device: device)
        revisions[engine].replacement = Revision.Replacement(old: old.id, new: new)
        startProcess(of: new, &actions)
    }

    /// An instance serves.
    mutating func noteServing(_ id: InstanceID, now: Instant, _ actions: inout [PoolAction]) {
        let engine = instances[id.index].engine
        unproven.remove(engine)
        instances[id.index].heardAt = now
        if instances[id.index].revision == revisions[engine].current {
            revisions[engine].isProven = true
            revisions[engine].previous = nil
        }
        guard let replacement = revisions[engine].replacement, replacement.new == id else { return }
        revisions[engine].replacement = nil
        let old = instances[replacement.old.index]
        if old.isReady {
            retire(old.id, because: cause(toReplace: old) ?? .asked, now: now, &actions)
        } else if old.hasProcess {
            // It is ending already, and needs no successor any more.
            instances[old.id.index].isRetired = true
        }
    }

    /// A process has ended that was to be replaced, or was to replace another.
    /// - Returns: whether its place is not to be filled again.
    mutating func endReplacement(by id: InstanceID, now: Instant) -> Bool {
        let engine = instances[id.index].engine
        guard let replacement = revisions[engine].replacement, id == replacement.old || id == replacement.new else {
            return false
        }
        revisions[engine].replacement = nil
        if id == replacement.new { revisions[engine].notBefore = now.advanced(by: configuration.backoff.longest) }
        return replacement.new != nil
    }

    /// A process of the current definition has ended. If none of it has served, that one does not work: it is the old
    /// one again.
    mutating func rollBack(engine: Int, _ actions: inout [PoolAction]) {
        guard let previous = revisions[engine].previous else { return }
        revisions[engine].current = previous
        revisions[engine].isProven = true
        revisions[engine].previous = nil
        revisions[engine].notBefore = .start
        actions.append(.reportRolledBack(engine: engine))
    }

    /// A new definition of which it is known that it fits nowhere does not work.
    mutating func rollBackWhatFitsNowhere(_ actions: inout [PoolAction]) {
        for engine in revisions.indices where revisions[engine].previous != nil && fitsNowhere(engine: engine) {
            rollBack(engine: engine, &actions)
        }
    }

    // MARK: Age

    /// Who has lived for long is to be replaced.
    mutating func noteAges(now: Instant) {
        for index in instances.indices {
            guard let maxAge = configuration.engines[instances[index].engine].maxAge,
                case .ready(let since) = instances[index].state
            else { continue }
            let age = maxAge * share(of: instances[index].id)
            if since.duration(to: now) >= age { instances[index].wish = instances[index].wish ?? .recycled }
        }
    }

    /// Who has done many jobs is to be replaced.
    mutating func noteWork(of id: InstanceID) {
        guard let maxJobs = configuration.engines[instances[id.index].engine].maxJobs else { return }
        let jobs = max(1, Double(maxJobs) * share(of: id))
        if Double(instances[id.index].jobsOfProcess) >= jobs {
            instances[id.index].wish = instances[id.index].wish ?? .recycled
        }
    }

    /// How much of its time an instance gets, from 0.9 to 1: a different share for each, so that not all are at once.
    private func share(of id: InstanceID) -> Double {
        let turn = Double(id.index) * 0.618_033_988_749_895
        return 1 - 0.1 * (turn - turn.rounded(.down))
    }

    // MARK: Fewer

    /// Ends instances that are more than there are to be, or where there are to be none. Of an engine that is gone they
    /// stay until its last job is done.
    mutating func trim(engine: Int, now: Instant, _ actions: inout [PoolAction]) {
        let configured = configuration.engines[engine]
        let isGone = configured.placements.isEmpty
        if isGone, !queues[engine].isEmpty || streams.has(engine: engine) { return }
        guard isGone || revisions[engine].replacement == nil else { return }
        for placement in devices.indices {
            let maximum = configured.placements.first { $0.device == devices[placement].name }?.maximum ?? 0
            if maximum == 0, !isGone {
                // It moves elsewhere, one after the other.
                for index in instances.on(placement)
                where instances[index].engine == engine && instances[index].isReady {
                    instances[index].wish = .notWanted
                }
            } else {
                trim(engine: engine, device: placement, to: maximum, now: now, &actions)
            }
        }
        trim(engine: engine, device: nil, to: configured.instances.upperBound, now: now, &actions)
    }

    private mutating func trim(
        engine: Int,
        device: Int?,
        to most: Int,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        let count = device.map { instances.count(engine: engine, device: $0) } ?? instances.count(engine: engine)
        guard count.occupied > most else { return }
        let here = instances.filter {
            $0.engine == engine && $0.device == device ?? $0.device && $0.state != .vacant && $0.state != .stopped
                && !$0.isRetired
        }
        guard here.count > most else { return }
        // First who does nothing, then who has been idle for longest.
        let byUse = here.sorted { left, right in
            (left.isReady ? 1 : 0, left.busySlots, left.idleSince) < (
                right.isReady ? 1 : 0, right.busySlots, right.idleSince
            )
        }
        for instance in byUse.prefix(here.count - most) {
            switch instance.state {
            case .backoff(let timer):
                actions.append(.cancelTimer(timer))
                move(instance.id, to: .vacant)
            case .parked:
                move(instance.id, to: .vacant)
            case .ready:
                retire(instance.id, because: .notWanted, now: now, &actions)
            case .loading(let timer), .measuring(let timer):
                actions.append(.cancelTimer(timer))
                instances[instance.id.index].isRetired = true
                terminate(instance.id, because: .notWanted, now: now, &actions)
            case .vacant, .starting, .draining, .stopping, .stopped:
                break
            }
        }
    }
}
