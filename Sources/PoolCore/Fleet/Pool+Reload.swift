// What those decide who run the pool: another configuration, an instance that is to go or to come anew.

extension Pool {
    /// The pool is to be another one.
    /// - Parameters:
    ///   - next: what it is to be. Engines keep their indices: those that are gone have no placements, and new ones are
    ///     last.
    package mutating func reconfigured(
        _ next: PoolConfiguration,
        replaced: Set<Int>,
        now: Instant
    ) -> [PoolAction] {
        precondition(next.engines.count >= configuration.engines.count, "engines keep their indices")
        guard !isStopping else { return [] }
        var actions: [PoolAction] = []
        for engine in configuration.engines.indices where replaced.contains(engine) {
            revise(engine: engine, known: next.engines[engine].figures, &actions)
        }
        // From now on an engine that cannot load is no reason to end what serves.
        unproven = []
        let known = configuration.engines.count
        configuration = next
        for engine in known..<next.engines.count { addQueue(engine: engine) }
        addDevices()
        for engine in queues.indices {
            queues[engine].setWeights(classes: next.classWeights, tenants: next.tenantWeights)
            makePlaces(engine: engine)
            if next.engines[engine].placements.isEmpty { revisions[engine].previous = nil }
        }
        replaceInstances(now: now, &actions)
        fill(now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// The definition of an engine's instances is another one from now on.
    /// - Parameter known: what was measured of that one before, by the devices' names.
    private mutating func revise(engine: Int, known: [String: EngineFigures], _ actions: inout [PoolAction]) {
        let hasServed = revisions[engine].isProven && !configuration.engines[engine].placements.isEmpty
        if hasServed { revisions[engine].previous = revisions[engine].current }
        revisions[engine].last += 1
        revisions[engine].current = revisions[engine].last
        revisions[engine].isProven = false
        revisions[engine].notBefore = .start
        quarantine.forget(engine: engine)
        deathsOfEngines[engine].forget()
        // Measurements of the old definition say nothing of the new one. They still hold for its own instances.
        let used = Set(instances.filter { $0.engine == engine && $0.hasProcess }.map(\.revision))
        revisions[engine].measured = revisions[engine].measured.filter {
            used.contains($0.key) || $0.key == revisions[engine].previous
        }
        revisions[engine].measured[revisions[engine].current] = devices.map { known[$0.name] ?? EngineFigures() }
        for instance in instances where instance.engine == engine {
            instances[instance.id.index].deaths.forget()
            switch instance.state {
            case .backoff(let timer):
                actions.append(.cancelTimer(timer))
                move(instance.id, to: .vacant)
            case .parked:
                move(instance.id, to: .vacant)
            case .vacant, .starting, .loading, .measuring, .ready, .draining, .stopping, .stopped:
                break
            }
        }
    }

    private mutating func addQueue(engine: Int) {
        queues.append(JobQueue(classWeights: configuration.classWeights, tenantWeights: configuration.tenantWeights))
        standing.append(StandingQueue())
        promisedUntil.append(.start)
        revisions.append(Revision(devices.map { configuration.engines[engine].figures[$0.name] ?? EngineFigures() }))
        deathsOfEngines.append(Deaths())
    }

    /// Devices that an engine may be on, and that are not known yet.
    mutating func addDevices() {
        for placement in configuration.engines.flatMap(\.placements)
        where !devices.contains(where: { $0.name == placement.device }) {
            devices.append(
                Device(
                    name: placement.device,
                    model: configuration.models[placement.device],
                    memory: configuration.memory[placement.device]
                )
            )
            deathsOfDevices.append(Deaths())
            for engine in revisions.indices {
                let known = configuration.engines[engine].figures[placement.device] ?? EngineFigures()
                for revision in revisions[engine].measured.keys {
                    let isCurrent = revision == revisions[engine].current
                    revisions[engine].measured[revision]?.append(isCurrent ? known : EngineFigures())
                }
            }
        }
    }

    // MARK: One instance

    /// An instance is to end when it has nothing to do, and to stay away.
    package mutating func drainRequested(of id: InstanceID, now: Instant) -> [PoolAction] {
        guard !isStopping, instances.indices.contains(id.index) else { return [] }
        var actions: [PoolAction] = []
        instances[id.index].isHeld = true
        switch instances[id.index].state {
        case .ready:
            retire(id, because: .asked, now: now, &actions)
        case .loading(let timer), .measuring(let timer):
            actions.append(.cancelTimer(timer))
            instances[id.index].isRetired = true
            terminate(id, because: .asked, now: now, &actions)
        case .backoff(let timer):
            actions.append(.cancelTimer(timer))
            move(id, to: .vacant)
        case .parked:
            move(id, to: .vacant)
        case .starting:
            // It is asked to end when it has been made.
            instances[id.index].isRetired = true
            move(id, to: .stopping(nil))
        case .draining, .stopping:
            instances[id.index].isRetired = true
        case .vacant, .stopped:
            break
        }
        endWaiting(engine: instances[id.index].engine, now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// An instance is to be replaced, or to be started at once if it has no process.
    package mutating func restartRequested(of id: InstanceID, now: Instant) -> [PoolAction] {
        guard !isStopping, instances.indices.contains(id.index) else { return [] }
        var actions: [PoolAction] = []
        instances[id.index].isHeld = false
        instances[id.index].deaths.forget()
        switch instances[id.index].state {
        case .ready:
            instances[id.index].wish = .asked
            revisions[instances[id.index].engine].notBefore = .start
            replaceInstances(now: now, &actions)
        case .backoff(let timer):
            actions.append(.cancelTimer(timer))
            move(id, to: .vacant)
        case .parked:
            move(id, to: .vacant)
        case .vacant, .starting, .loading, .measuring, .draining, .stopping, .stopped:
            break
        }
        fill(now: now, &actions)
        return actions
    }

    // MARK: Quarantine

    /// Texts that are not spoken any more: what they are, and what is known of them.
    package func quarantined(now: Instant) -> [QuarantinedEntry] {
        quarantine.entries.filter { quarantine.holds($0.key, now: now) }
            .map { text, entry in
                QuarantinedEntry(
                    text: text,
                    engine: entry.engine,
                    deaths: entry.deaths,
                    age: entry.since.duration(to: now),
                    refused: entry.refused
                )
            }
            .sorted { $0.age < $1.age }
    }

    /// A text may be tried again; `nil` is all of them.
    /// - Returns: how many were let out.
    package mutating func released(_ text: TextDigest?, now: Instant) -> Int { quarantine.release(text, now: now) }
}

/// A text that is not spoken any more.
package struct QuarantinedEntry: Sendable {
    /// What tells it from others.
    package var text: TextDigest
    /// Whose instances it ended, by its index.
    package var engine: Int
    /// How many.
    package var deaths: Int
    /// How long ago the last one was.
    package var age: Duration
    /// Requests that were refused for it.
    package var refused: Int
}
