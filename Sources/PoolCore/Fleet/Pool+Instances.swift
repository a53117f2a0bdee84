/// What a process says of itself when it has loaded.
package struct SlotDeclaration: Hashable, Sendable {
    /// How many jobs it can run at once.
    package var slots: Int
    /// Whether it knows how to stop a job.
    package var obeysCancel: Bool

    package init(slots: Int = 1, obeysCancel: Bool = false) {
        self.slots = slots
        self.obeysCancel = obeysCancel
    }
}

extension Pool {
    /// The pool begins: instances are started, as far as there is room.
    package mutating func started(now: Instant) -> [PoolAction] {
        var actions: [PoolAction] = []
        fill(now: now, &actions)
        return actions
    }

    /// The process lives. It has until the load timeout to answer.
    package mutating func processSpawned(_ process: ProcessID, now: Instant) -> [PoolAction] {
        guard isCurrent(process) else { return [] }
        var actions: [PoolAction] = []
        switch instances[process.instance.index].state {
        case .starting:
            let timeout = configuration.engines[instances[process.instance.index].engine].loadTimeout
            let timer = makeTimer(.load(process), at: now.advanced(by: timeout), &actions)
            move(process.instance, to: .loading(timer))
            instances[process.instance.index].slots = [Slot(state: .opening(nil))]
            actions.append(.open(SlotID(process: process, index: 0)))
        case .stopping:
            // It was told to stop while the process was being made.
            let cause: PoolAction.Cause = isStopping ? .poolEnds : .asked
            terminate(process.instance, because: cause, now: now, &actions)
        case .vacant, .backoff, .parked, .loading, .measuring, .ready, .draining, .stopped:
            preconditionFailure("a process is made once")
        }
        return actions
    }

    /// A worker answered on a new connection. The first answer of a process makes its instance ready.
    package mutating func slotOpened(
        _ slot: SlotID,
        declared: SlotDeclaration,
        now: Instant
    ) -> [PoolAction] {
        guard isCurrent(slot), case .opening(let openTimer) = self[slot] else { return [] }
        var actions: [PoolAction] = []
        let id = slot.process.instance
        switch instances[id.index].state {
        case .loading(let loadTimer):
            actions.append(.cancelTimer(loadTimer))
            instances[id.index].declared = declared
            instances[id.index].answeredAt = now
            beginSampling(slot, now: now, &actions)
            return actions
        case .ready, .draining:
            if let openTimer { actions.append(.cancelTimer(openTimer)) }
            // This answer also counts for a `describe` that was sent on the old connection.
            heard(slot, now: now)
        case .measuring, .stopping:
            return []
        case .vacant, .backoff, .parked, .starting, .stopped:
            preconditionFailure("only a process has slots")
        }
        self[slot] = .idle(since: now)
        dispatch(now: now, &actions)
        return actions
    }

    /// The samples were spoken, and what they took has been told.
    package mutating func measured(_ process: ProcessID, now: Instant) -> [PoolAction] {
        guard isCurrent(process), case .measuring(let timer) = instances[process.instance.index].state,
            !instances[process.instance.index].isOnTrial
        else { return [] }
        var actions: [PoolAction] = [.cancelTimer(timer)]
        let instance = instances[process.instance.index]
        if let readAt = instance.footprint.readAt, readAt >= instance.answeredAt {
            learnFloor(of: process.instance, instance.footprint.memory)
        }
        beginServing(SlotID(process: process, index: 0), now: now, &actions)
        return actions
    }

    /// A process of a new definition has spoken a sample, or could not.
    package mutating func rehearsed(_ process: ProcessID, isSound: Bool, now: Instant) -> [PoolAction] {
        guard isCurrent(process), case .measuring(let timer) = instances[process.instance.index].state,
            instances[process.instance.index].isOnTrial
        else { return [] }
        var actions: [PoolAction] = [.cancelTimer(timer)]
        if isSound {
            instances[process.instance.index].isOnTrial = false
            beginSampling(SlotID(process: process, index: 0), now: now, &actions)
        } else {
            kill(process, because: .rehearse, &actions)
        }
        return actions
    }

    /// A slot's connection broke, or was cut because the worker said something senseless.
    /// - Parameters:
    ///   - canRestart: its job can be made again: its reader has had none of its audio, or will get the same.
    ///   - isCrash: the process has ended, and that was nobody's doing but its own.
    package mutating func slotClosed(
        _ slot: SlotID,
        canRestart: Bool,
        isCrash: Bool = false,
        now: Instant
    ) -> [PoolAction] {
        guard isCurrent(slot) else { return [] }
        var actions: [PoolAction] = []
        switch self[slot] {
        case .busy(let job):
            let isStalled = instances[slot.process.instance.index].slots[slot.index].isStalled
            retryOrLose(job, on: slot, isCrash || isStalled ? .died : .lost, canRestart: canRestart, now: now, &actions)
        case .interrupted(_, let timer):
            actions.append(.cancelTimer(timer))
        case .idle:
            break
        case .opening:
            guard case .measuring(let timer) = instances[slot.process.instance.index].state else { return [] }
            actions.append(.cancelTimer(timer))
            if instances[slot.process.instance.index].isOnTrial {
                kill(slot.process, because: .rehearse, &actions)
            } else {
                beginServing(slot, isConnected: false, now: now, &actions)
            }
            return actions
        }
        reopen(slot, now: now, &actions)
        endIfDrained(slot.process.instance, now: now, &actions)
        dispatch(now: now, &actions)
        return actions
    }

    /// The process is gone, or could not be made. The shell has reported the end of its slots before.
    /// - Parameter isCrash: that was nobody's doing but its own.
    package mutating func processExited(
        _ process: ProcessID,
        isCrash: Bool = true,
        now: Instant
    ) -> [PoolAction] {
        guard isCurrent(process) else { return [] }
        var actions: [PoolAction] = []
        let id = process.instance
        let heldBytes = charge(of: instances[id.index])
        abandonSlots(of: id, now: now, &actions)
        switch instances[id.index].state {
        case .starting: break
        case .loading(let timer), .measuring(let timer): actions.append(.cancelTimer(timer))
        case .ready: forgetDeaths(of: id, now: now)
        case .draining: break
        case .stopping(let timer): if let timer { actions.append(.cancelTimer(timer)) }
        case .vacant, .backoff, .parked, .stopped: return []
        }
        let engine = instances[id.index].engine
        let isReplaced = endReplacement(by: id, now: now)
        if phase == .stopping {
            move(id, to: .stopped)
        } else if instances[id.index].isRetired {
            move(id, to: .vacant)
        } else {
            if instances[id.index].revision == revisions[engine].current { rollBack(engine: engine, &actions) }
            if isReplaced { move(id, to: .vacant) } else { noteDeath(of: id, isCrash: isCrash, now: now, &actions) }
        }
        release(id, heldBytes: heldBytes, now: now, &actions)
        if unproven.contains(engine), instances[id.index].deaths.inARow >= configuration.startLimit, !isStopping {
            actions.append(.reportStartFailed(engine: engine))
            stopRequested(now: now, &actions)
        }
        dispatch(now: now, &actions)
        replaceInstances(now: now, &actions)
        fill(now: now, &actions)
        endWaiting(engine: engine, now: now, &actions)
        return actions
    }

    /// A timer fired. One that is no longer wanted does nothing.
    package mutating func timerFired(_ timer: TimerID, now: Instant) -> [PoolAction] {
        var actions: [PoolAction] = []
        switch timer.purpose {
        case .restart(let id):
            if instances[id.index].state == .backoff(timer) {
                move(id, to: .vacant)
                fill(now: now, &actions)
                endWaiting(engine: instances[id.index].engine, now: now, &actions)
            }
        case .load(let process):
            if isCurrent(process), instances[process.instance.index].state == .loading(timer) {
                kill(process, because: .load, &actions)
            }
        case .measure(let process):
            if isCurrent(process), case .measuring(timer) = instances[process.instance.index].state {
                if instances[process.instance.index].isOnTrial {
                    kill(process, because: .rehearse, &actions)
                    break
                }
                // The worker may still be speaking, so it is asked on a new connection.
                beginServing(SlotID(process: process, index: 0), isConnected: false, now: now, &actions)
            }
        case .terminate(let process):
            if isCurrent(process), instances[process.instance.index].state == .stopping(timer) {
                kill(process, because: .end, &actions)
            }
        case .open(let slot):
            if isCurrent(slot), self[slot] == .opening(timer) { openTimedOut(slot, now: now, &actions) }
        case .cancel(let slot):
            if isCurrent(slot), case .interrupted(_, timer) = self[slot] {
                abandon(slot, now: now, &actions)
                endIfDrained(slot.process.instance, now: now, &actions)
                dispatch(now: now, &actions)
            }
        case .expire:
            if expireTimer?.id == timer { expireJobs(now: now, &actions) }
        case .drain:
            if phase == .draining(timer) { stop(now: now, &actions) }
        }
        return actions
    }

    // MARK: Helpers

    /// It has loaded: it speaks samples if it has to, and serves if not.
    private mutating func beginSampling(_ slot: SlotID, now: Instant, _ actions: inout [PoolAction]) {
        let id = slot.process.instance
        let isOnTrial = instances[id.index].isOnTrial
        guard isOnTrial || wantsMeasuring(id) else { return beginServing(slot, now: now, &actions) }
        let deadline = now.advanced(by: configuration.measureTimeout)
        move(id, to: .measuring(makeTimer(.measure(slot.process), at: deadline, &actions)))
        actions.append(isOnTrial ? .rehearse(slot) : .measure(slot))
    }

    /// It has loaded, and been measured if need be: it may be given work.
    /// - Parameter isConnected: whether its first slot's connection can be used.
    private mutating func beginServing(
        _ slot: SlotID,
        isConnected: Bool = true,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        let id = slot.process.instance
        move(id, to: .ready(since: now))
        noteServing(id, now: now, &actions)
        if isConnected { self[slot] = .idle(since: now) } else { reopen(slot, now: now, &actions) }
        for index in 1..<min(max(instances[id.index].declared.slots, 1), Pool.maxSlotsPerInstance) {
            instances[id.index].slots.append(Slot(state: .opening(nil)))
            reopen(SlotID(process: slot.process, index: index), now: now, &actions)
        }
        if devices[instances[id.index].device].memory != nil { actions.append(.readMemory) }
        dispatch(now: now, &actions)
        fill(now: now, &actions)
    }

    /// A new connection for a slot. A worker that does not answer on it within the load timeout is hung.
    /// - Parameter limit: how long it has, if that is less.
    mutating func reopen(
        _ slot: SlotID,
        within limit: Duration? = nil,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        guard instances[slot.process.instance.index].isReady else {
            // The process is ending.
            self[slot] = .opening(nil)
            return
        }
        let timeout = configuration.engines[instances[slot.process.instance.index].engine].loadTimeout
        let timer = makeTimer(.open(slot), at: now.advanced(by: limit ?? timeout), &actions)
        self[slot] = .opening(timer)
        actions.append(.open(slot))
    }

    /// Cuts off a worker that does not stop what nobody wants any more. When it does not answer on a new connection
    /// soon, its process goes if somebody waits for it, and else has the load timeout to finish.
    mutating func abandon(_ slot: SlotID, now: Instant, _ actions: inout [PoolAction]) {
        let timeout = configuration.engines[instances[slot.process.instance.index].engine].loadTimeout
        instances[slot.process.instance.index].slots[slot.index].abandonedUntil = now.advanced(by: timeout)
        reopen(slot, within: min(timeout, configuration.cancelGrace), now: now, &actions)
    }

    private mutating func openTimedOut(_ slot: SlotID, now: Instant, _ actions: inout [PoolAction]) {
        let id = slot.process.instance
        if let until = instances[id.index].slots[slot.index].abandonedUntil, until > now {
            guard instances[id.index].busySlots == 0, !queues[instances[id.index].engine].isEmpty else {
                // It harms nobody.
                let next = min(until, now.advanced(by: configuration.cancelGrace))
                self[slot] = .opening(makeTimer(.open(slot), at: next, &actions))
                return
            }
            // Its death is our wish, and no fault.
            instances[id.index].isRetired = true
        }
        self[slot] = .opening(nil)
        forgetDeaths(of: id, now: now)
        kill(slot.process, because: .answer, &actions)
        // It was perhaps the last other instance for a job that has failed elsewhere.
        dispatch(now: now, &actions)
    }

    private mutating func kill(
        _ process: ProcessID,
        because failing: PoolAction.Failing,
        _ actions: inout [PoolAction]
    ) {
        cancelSlotTimers(of: process.instance, &actions)
        move(process.instance, to: .stopping(nil))
        actions.append(.kill(process, because: failing))
    }

    mutating func terminate(
        _ id: InstanceID,
        because cause: PoolAction.Cause = .poolEnds,
        now: Instant,
        _ actions: inout [PoolAction]
    ) {
        cancelSlotTimers(of: id, &actions)
        let process = instances[id.index].process
        let deadline = now.advanced(by: configuration.terminateGrace)
        move(id, to: .stopping(makeTimer(.terminate(process), at: deadline, &actions)))
        actions.append(.terminate(process, because: cause))
    }

    private mutating func abandonSlots(of id: InstanceID, now: Instant, _ actions: inout [PoolAction]) {
        cancelSlotTimers(of: id, &actions)
        for slot in instances[id.index].slots {
            if case .busy(let job) = slot.state { end(job, .instanceLost, now: now, &actions) }
        }
        instances[id.index].slots = []
    }

    /// The process ends; what its worker or its slots should have done by now does not matter any more.
    mutating func cancelSlotTimers(of id: InstanceID, _ actions: inout [PoolAction]) {
        for index in instances[id.index].slots.indices {
            switch instances[id.index].slots[index].state {
            case .interrupted(_, let timer), .opening(let timer?):
                actions.append(.cancelTimer(timer))
                instances[id.index].slots[index].state = .opening(nil)
            case .idle, .busy, .opening(nil):
                break
            }
        }
    }
}
