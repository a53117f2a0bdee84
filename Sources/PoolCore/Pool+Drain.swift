extension Pool {
    /// The pool is to end: no new utterances; what is there is finished, at most until the drain timeout; then the
    /// processes end.
    package mutating func drainRequested(now: Instant) -> [PoolAction] {
        guard phase == .serving else { return [] }
        var actions: [PoolAction] = []
        let deadline = now.advanced(by: configuration.drainTimeout)
        phase = .draining(makeTimer(.drain, at: deadline, &actions))
        settle(now: now, &actions)
        return actions
    }

    /// The pool is to end now: what is there fails, then the processes end.
    package mutating func stopRequested(now: Instant) -> [PoolAction] {
        var actions: [PoolAction] = []
        stopRequested(now: now, &actions)
        return actions
    }

    mutating func stopRequested(now: Instant, _ actions: inout [PoolAction]) {
        switch phase {
        case .serving: break
        case .draining(let timer): actions.append(.cancelTimer(timer))
        case .stopping, .drained: return
        }
        stop(now: now, &actions)
    }

    /// Takes the next step of a drain when the one before is done.
    mutating func settle(now: Instant, _ actions: inout [PoolAction]) {
        if case .draining(let timer) = phase, jobs.isEmpty {
            actions.append(.cancelTimer(timer))
            stop(now: now, &actions)
        }
        if phase == .stopping, instances.allSatisfy({ $0.state == .stopped }) {
            phase = .drained
            actions.append(.drained)
        }
    }

    /// Ends everything: the jobs that are left with an error, then the processes.
    mutating func stop(now: Instant, _ actions: inout [PoolAction]) {
        phase = .stopping
        for id in jobs.keys.sorted(by: { $0.number < $1.number }) { end(id, .shutDown, now: now, &actions) }
        for engine in queues.indices { queues[engine].removeAll() }
        waitingByTenant = [:]
        waitingBytes = 0
        streams.removeAll()
        if let timer = expireTimer.take() { actions.append(.cancelTimer(timer.id)) }
        for instance in instances { stop(instance.id, now: now, &actions) }
        settle(now: now, &actions)
    }

    private mutating func stop(_ id: InstanceID, now: Instant, _ actions: inout [PoolAction]) {
        for index in instances[id.index].slots.indices {
            let slot = SlotID(process: instances[id.index].process, index: index)
            // Its job has just ended; what the worker still says of it is not heard.
            if case .busy = self[slot] { self[slot] = .opening(nil) }
        }
        switch instances[id.index].state {
        case .vacant, .parked:
            move(id, to: .stopped)
        case .backoff(let timer):
            actions.append(.cancelTimer(timer))
            move(id, to: .stopped)
        case .starting:
            move(id, to: .stopping(nil))
        case .loading(let timer), .measuring(let timer):
            actions.append(.cancelTimer(timer))
            terminate(id, now: now, &actions)
        case .ready, .draining:
            terminate(id, now: now, &actions)
        case .stopping, .stopped:
            break
        }
    }
}
