// What becomes of an instance whose process ended, and of those who wait when none is left.

extension Pool {
    /// A process ended that was to serve: another one comes after a while, unless that is of no use.
    mutating func noteDeath(of id: InstanceID, isCrash: Bool, now: Instant, _ actions: inout [PoolAction]) {
        let (engine, device) = (instances[id.index].engine, instances[id.index].device)
        let limits = (
            own: configuration.restartLimit,
            device: groupLimit(instances.on(device).count { instances[$0].state != .vacant }),
            engine: groupLimit(instances.count(engine: engine).occupied)
        )
        instances[id.index].deaths.died(isOwnDoing: isCrash, limit: limits.own, now: now)
        deathsOfDevices[device].died(isOwnDoing: isCrash, limit: limits.device, now: now)
        deathsOfEngines[engine].died(isOwnDoing: isCrash, limit: limits.engine, now: now)
        let window = configuration.restartWindow
        if instances[id.index].deaths.areTooMany(limit: limits.own, within: window, now: now)
            || deathsOfDevices[device].areTooMany(limit: limits.device, within: window, now: now)
            || deathsOfEngines[engine].areTooMany(limit: limits.engine, within: window, now: now)
        {
            let time = configuration.parkTime * Double.random(in: 0.8...1.2, using: &random)
            move(id, to: .parked(until: now.advanced(by: time)))
            actions.append(.reportParked(id))
        } else {
            let wait = configuration.backoff.wait(deaths: instances[id.index].deaths.inARow, using: &random)
            move(id, to: .backoff(makeTimer(.restart(id), at: now.advanced(by: wait), &actions)))
        }
    }

    /// Nothing is queued that nobody will do.
    mutating func endWaiting(engine: Int, now: Instant, _ actions: inout [PoolAction]) {
        guard let wait = untilTriedAgain(engine: engine, now: now) else { return }
        for job in jobs.values.filter({ $0.engine == engine && isWaiting($0.id) }).sorted(by: {
            $0.id.number < $1.id.number
        }) {
            leaveQueue(job)
            end(job.id, .unavailable(retryAfter: wait), now: now, &actions)
        }
        settle(now: now, &actions)
    }

    /// How long it is until an engine is tried again of which all instances have been given up, or taken away; `nil` if
    /// not all have.
    package func untilTriedAgain(engine: Int, now: Instant) -> Duration? {
        guard instances.count(engine: engine).live == 0 else { return nil }
        var soonest: Instant?
        var isTakenAway = true
        for instance in instances where instance.engine == engine {
            switch instance.state {
            case .parked(let until): soonest = min(soonest ?? until, until)
            case .vacant: if !instance.isHeld { isTakenAway = false }
            case .stopped: break
            case .backoff, .starting, .loading, .measuring, .ready, .draining, .stopping: return nil
            }
        }
        if configuration.engines[engine].placements.isEmpty { isTakenAway = true }
        return soonest.map { max(.zero, now.duration(to: $0)) } ?? (isTakenAway ? configuration.parkTime : nil)
    }

    /// Deaths of some instances together after which those that die are given up.
    private func groupLimit(_ count: Int) -> Int {
        let (limit, more) = configuration.restartLimit.addingReportingOverflow(2 * count)
        return more ? Int.max : limit
    }

    /// Who served for long begins its back-off anew.
    mutating func forgetDeaths(of id: InstanceID, now: Instant) {
        guard case .ready(let since) = instances[id.index].state else { return }
        if since.duration(to: now) >= configuration.backoff.forgetAfter { instances[id.index].deaths.survived() }
    }
}
