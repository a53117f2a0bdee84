import PoolCore

extension PoolSimulator {
    /// Does what the pool asks for, if it is something that may be asked for now.
    mutating func apply(_ action: PoolAction) throws(Violation) {
        switch action {
        case .spawn(let process, let engine, _):
            let index = process.instance.index
            try check(processes[index] == nil, "an instance has one process at a time")
            try check(process.incarnation == incarnations[index] + 1, "processes are counted")
            try check(phase == .serving || phase == .draining, "nothing is started when the pool stops")
            incarnations[index] += 1
            processes[index] = Process(id: process, engine: engine)
        case .open(let slot): try open(slot)
        case .run(let job, let slot): try run(job, on: slot)
        case .interrupt(let slot):
            guard case .busy(let job)? = self[slot], dueEnds[job] == JobEnd.cancelled.name else {
                return try check(false, "only a cancelled job is interrupted")
            }
            try check(declarations[slot.process.instance.index].obeysCancel, "who does not obey is not asked")
            set(slot, to: .interrupted(job))
        case .terminate(let process):
            try check(self[process]?.orders == Process.Orders.none, "a living process is told once to end")
            processes[process.instance.index]?.orders = .terminate
        case .kill(let process):
            guard let orders = self[process]?.orders else { return try check(false, "a process is killed") }
            try check(orders != .kill, "a process is killed once")
            processes[process.instance.index]?.orders = .kill
        case .end(let id, let end):
            try check(jobs.removeValue(forKey: id) != nil, "each accepted job ends exactly once")
            try check(dueEnds.removeValue(forKey: id) == end.name, "a job ends as it has to")
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

    private mutating func open(_ slot: SlotID) throws(Violation) {
        guard let process = self[slot.process] else { return try check(false, "a process has the slot") }
        try check(
            process.life != .spawning && process.orders == .none,
            "only a process that is to serve is connected to"
        )
        if slot.index == process.slots.count {
            let declared = process.slots.isEmpty ? 1 : declarations[slot.process.instance.index].slots
            try check(slot.index < declared, "only declared slots are used")
            processes[slot.process.instance.index]?.slots.append(.opening)
            return
        }
        switch process.slots[slot.index] {
        case .closed: break
        case .busy(let job), .interrupted(let job):
            try check(jobs[job] == nil || dueEnds[job] != nil, "a connection that is needed is not cut")
        case .opening, .idle: try check(false, "a connection is opened when there is none")
        }
        set(slot, to: .opening)
    }

    private mutating func run(_ id: JobID, on slot: SlotID) throws(Violation) {
        guard let job = jobs[id], job.isWaiting else { return try check(false, "only a waiting job is run") }
        guard let process = self[slot.process], process.serves, case .idle? = self[slot] else {
            return try check(false, "a slot has one job, and only if it is idle")
        }
        try check(process.engine == job.request.engine, "a job runs on its engine")
        try check(isRunnable(job, on: slot), "a job is not run again where it failed while another serves")
        for other in idleSlots(engine: process.engine) where isRunnable(job, on: other) {
            try check(rank(other) >= rank(slot), "the slot idle longest on the least busy instance comes first")
        }
        let rivals = jobs.values.filter {
            $0.isWaiting && $0.request.engine == process.engine && isRunnable($0, on: slot)
        }
        try check(
            job.failure != nil || rivals.allSatisfy { $0.failure == nil && $0.request.id.number >= id.number },
            "retried jobs come first, then who came first"
        )
        jobs[id]?.isWaiting = false
        set(slot, to: .busy(id))
    }

    private func rank(_ slot: SlotID) -> Rank {
        guard case .idle(let since)? = self[slot], let process = self[slot.process] else {
            return Rank(busy: .max, since: now)
        }
        return Rank(busy: process.busySlots, since: since)
    }

    private struct Rank: Comparable {
        var busy: Int
        var since: Instant

        static func < (left: Rank, right: Rank) -> Bool { (left.busy, left.since) < (right.busy, right.since) }
    }

    /// Idle slots of the processes that serve an engine.
    func idleSlots(engine: Int) -> [SlotID] {
        processes.flatMap { process -> [SlotID] in
            guard let process, process.engine == engine, process.serves else { return [] }
            return process.slots.indices.compactMap { index in
                if case .idle = process.slots[index] { SlotID(process: process.id, index: index) } else { nil }
            }
        }
    }

    /// A job runs on a process that failed it only if no other serves, and on a slot that has shown life since.
    func isRunnable(_ job: Job, on slot: SlotID) -> Bool {
        guard let failure = job.failure, failure.process == slot.process else { return true }
        guard case .idle(let since)? = self[slot], since >= failure.at else { return false }
        return !processes.contains { process in
            guard let process else { return false }
            return process.id != slot.process && process.engine == job.request.engine && process.serves
        }
    }
}
