import PoolCore

extension PoolSimulator {
    /// Does what the pool asks for, if it is something that may be asked for now.
    mutating func apply(_ action: PoolAction) throws(Violation) {
        switch action {
        case .spawn(let process, let engine, let device, let bytes):
            try spawn(process, engine: engine, device: device, memoryBytes: bytes)
        case .open(let slot): try open(slot)
        case .measure(let slot): try measure(slot)
        case .limit(let process, let bytes):
            guard let limited = self[process], limited.orders == .none else {
                return try check(false, "a living process is limited")
            }
            try checkWall(of: limited, bytes: bytes)
            processes[process.instance.index]?.budgetBytes = bytes
        case .release(let process):
            try check(self[process]?.busySlots == 0, "only who has nothing to do is asked for its cache")
            if self[process]?.life == .living { processes[process.instance.index]?.giveUpCache() }
        case .readMemory: try check(memory != nil, "the memory is read where it can be")
        case .run(let job, let slot): try run(job, on: slot)
        case .interrupt(let slot):
            guard case .busy(let job)? = self[slot],
                [JobEnd.cancelled, .deadlineExceeded, .quarantined].map(\.name).contains(dueEnds[job])
            else {
                return try check(false, "only a job that nobody wants is interrupted")
            }
            try check(declaration(of: slot.process.instance).obeysCancel, "who does not obey is not asked")
            set(slot, to: .interrupted(job))
        case .abort(let process): try abort(process)
        case .ask(let slot): try ask(slot)
        case .rehearse(let slot): try rehearse(slot)
        case .reportParked(let instance): try check(processes[instance.index] == nil, "who is given up has ended")
        case .reportRolledBack: break
        case .reportStartFailed: try check(false, "a pool that has served goes on")
        case .terminate(let process, let cause): try terminate(process, because: cause)
        case .kill(let process, _):
            guard let orders = self[process]?.orders else { return try check(false, "a process is killed") }
            try check(orders != .kill, "a process is killed once")
            processes[process.instance.index]?.orders = .kill
        case .end(let id, let end): try self.end(id, end)
        case .setTimer(let timer, let deadline):
            try check(timer.number > lastTimer, "a timer is new")
            try check(deadline >= now, "a timer is not set for the past")
            lastTimer = timer.number
            timers[timer] = deadline
        case .cancelTimer(let timer):
            try check(timers.removeValue(forKey: timer) != nil, "only a timer that is set is cancelled")
        case .drained:
            try check(
                phase == .stopping || phase == .draining && jobs.isEmpty,
                "the pool drains because it is told to, once"
            )
            phase = .drained
        }
    }

    private mutating func abort(_ id: ProcessID) throws(Violation) {
        guard let process = self[id] else { return try check(false, "a process is aborted") }
        try check(process.orders == .none, "a process is told once to end")
        let soon = now.advanced(by: pool.configuration.watchInterval)
        let stalled = process.slots.indices.filter { pool.isStalled(SlotID(process: id, index: $0)) }
        try check(
            stalled.allSatisfy { standing.contains(SlotID(process: id, index: $0)) },
            "only what stands still is given up for it"
        )
        let isDeaf = process.askedAt.map { $0.duration(to: soon) > pool.configuration.stallFloor } ?? false
        try check(!stalled.isEmpty || isDeaf, "only who stands still or does not answer is aborted")
        processes[id.instance.index]?.orders = .abort
        processes[id.instance.index]?.stalled = Set(stalled)
    }

    private mutating func ask(_ slot: SlotID) throws(Violation) {
        guard let process = self[slot.process] else { return try check(false, "a process is asked") }
        try check(process.serves && process.busySlots == 0 && slot.index == 0, "who has nothing to do is asked")
        try check(process.askedAt == nil, "who has not answered is not asked again")
        processes[slot.process.instance.index]?.askedAt = now
    }

    private mutating func rehearse(_ slot: SlotID) throws(Violation) {
        guard let process = self[slot.process], case .idle? = self[slot] else {
            return try check(false, "who has just answered rehearses")
        }
        try check(process.orders == .none, "who is to serve rehearses")
        set(slot, to: .measuring)
        processes[slot.process.instance.index]?.isMeasuring = true
        processes[slot.process.instance.index]?.isOnTrial = true
    }

    /// Looks who stands still before the pool does.
    mutating func noteStandstills() {
        let soon = now.advanced(by: pool.configuration.watchInterval)
        let slots = processes().flatMap { process in
            process.slots.indices.map { SlotID(process: process.id, index: $0) }
        }
        standing = Set(slots.filter { isStanding($0, at: soon) })
    }

    /// Whether a job has stood still for too long.
    private func isStanding(_ slot: SlotID, at moment: Instant) -> Bool {
        guard case .busy? = self[slot] else { return false }
        return pool.isStandingStill(slot, at: moment)
    }

    /// Whoever stands still for too long is found.
    func checkStandstills() throws(Violation) {
        for process in processes() where process.serves && phase == .serving {
            for index in process.slots.indices {
                let slot = SlotID(process: process.id, index: index)
                try check(!isStanding(slot, at: now), "a job on \(slot) has stood still for too long")
            }
        }
    }

    private mutating func open(_ slot: SlotID) throws(Violation) {
        guard let process = self[slot.process] else { return try check(false, "a process has the slot") }
        try check(
            process.life != .spawning && process.orders == .none,
            "only a process that is to serve is connected to"
        )
        if slot.index == process.slots.count {
            let declared = process.slots.isEmpty ? 1 : declaration(of: slot.process.instance).slots
            try check(slot.index < declared, "only declared slots are used")
            processes[slot.process.instance.index]?.slots.append(.opening)
            return
        }
        switch process.slots[slot.index] {
        case .closed: break
        case .busy(let job), .interrupted(let job):
            try check(jobs[job] == nil || dueEnds[job] != nil, "a connection that is needed is not cut")
        case .opening, .idle, .measuring: try check(false, "a connection is opened when there is none")
        }
        set(slot, to: .opening)
    }

    private mutating func end(_ id: JobID, _ end: JobEnd) throws(Violation) {
        guard let job = jobs.removeValue(forKey: id) else {
            return try check(false, "each accepted job ends exactly once")
        }
        if case .tooLarge = end {
            try check(job.isWaiting && isTooLarge(job.request), "only what has become too large ends for it")
            dueEnds[id] = nil
        } else if case .unavailable = end {
            try check(job.isWaiting && isGivenUp(job.request.engine), "only who waits for nobody ends for it")
            dueEnds[id] = nil
        } else if case .deadlineExceeded = end, dueEnds[id] == nil {
            try check(
                job.isWaiting && job.request.deadline.map { $0 <= now } ?? false,
                "what waits and is not wanted any more ends for it"
            )
        } else {
            try check(dueEnds.removeValue(forKey: id) == end.name, "a job ends as it has to")
        }
    }
}
