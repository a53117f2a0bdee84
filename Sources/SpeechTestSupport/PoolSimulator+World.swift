import PoolCore

extension PoolSimulator {
    /// A process, as the shell knows it.
    struct Process: Sendable {
        let id: ProcessID
        let engine: Int
        var life = Life.spawning
        var orders = Orders.none
        /// Whether it has answered once.
        var hasAnswered = false
        var slots: [Slot] = []

        enum Life: Sendable { case spawning, living, dead }
        enum Orders: Sendable { case none, terminate, kill }

        /// Whether it has answered and has not been told to end.
        var serves: Bool { hasAnswered && orders == .none }

        /// Jobs that it runs, cancelled ones included.
        var busySlots: Int { slots.count { $0.job != nil } }
    }

    /// A connection, as the shell knows it.
    enum Slot: Sendable {
        case closed, opening
        case idle(since: Instant)
        case busy(JobID)
        case interrupted(JobID)

        var isConnected: Bool {
            switch self {
            case .closed, .opening: false
            case .idle, .busy, .interrupted: true
            }
        }

        /// The job that it works on.
        var job: JobID? {
            switch self {
            case .closed, .opening, .idle: nil
            case .busy(let job), .interrupted(let job): job
            }
        }
    }

    /// An accepted job.
    struct Job: Sendable {
        let request: JobRequest
        let arrived: Instant
        var isWaiting = true
        /// Where and when an instance failed it.
        var failure: (process: ProcessID, at: Instant)?

        /// Whether it may wait only for so long.
        var expires: Bool { !request.isContinuation && failure == nil }
    }

    subscript(process: ProcessID) -> Process? {
        guard let current = processes[process.instance.index], current.id == process else { return nil }
        return current
    }

    subscript(slot: SlotID) -> Slot? {
        guard let process = self[slot.process], process.slots.indices.contains(slot.index) else { return nil }
        return process.slots[slot.index]
    }

    mutating func set(_ slot: SlotID, to state: Slot) {
        processes[slot.process.instance.index]?.slots[slot.index] = state
    }

    /// What the world may do next, arrivals and a drain apart.
    package var possibleEvents: [Event] {
        if phase == .new { return [.started] }
        var events: [Event] = []
        for process in processes {
            guard let process else { continue }
            switch process.life {
            case .spawning:
                events += [.processSpawned(process.id), .processExited(process.id)]
            case .living:
                for slot in process.slots.indices { events += answers(of: SlotID(process: process.id, index: slot)) }
                events += breaks(of: process) + [.processDied(process.id)]
            case .dead:
                let breaks = breaks(of: process)
                events += breaks.isEmpty ? [.processExited(process.id)] : breaks
            }
        }
        let calls = jobs.keys.sorted { $0.number < $1.number }
        events += calls.map { .jobCancelled($0) }
        events += timersInOrder.map { .timerFired($0) }
        return events
    }

    /// Timers that are set, the first due first.
    var timersInOrder: [TimerID] {
        timers.sorted { ($0.value, $0.key.number) < ($1.value, $1.key.number) }.map(\.key)
    }

    private func answers(of slot: SlotID) -> [Event] {
        switch self[slot] {
        case .opening: [.slotOpened(slot)]
        case .busy(let job): [.jobEnded(job, slot, completed: true), .jobEnded(job, slot, completed: false)]
        case .interrupted(let job): [.jobEnded(job, slot, completed: false)]
        case .idle, .closed, nil: []
        }
    }

    private func breaks(of process: Process) -> [Event] {
        var events: [Event] = []
        for (index, state) in process.slots.enumerated() where state.isConnected {
            let slot = SlotID(process: process.id, index: index)
            events.append(.slotClosed(slot, canRestart: true))
            if case .busy = state { events.append(.slotClosed(slot, canRestart: false)) }
        }
        return events
    }

    /// Whether the event would tell the pool nothing new.
    func isStale(_ event: Event) -> Bool {
        switch event {
        case .started, .jobArrived, .processDied: false
        case .jobCancelled(let job): jobs[job] == nil
        case .processSpawned(let process): incarnations[process.instance.index] > process.incarnation
        case .processExited(let process): self[process] == nil
        case .slotOpened(let slot): if case .opening? = self[slot] { false } else { true }
        case .slotClosed(let slot, _): self[slot]?.isConnected != true
        case .jobEnded(let job, let slot, _): self[slot]?.job != job
        case .timerFired(let timer): timers[timer] == nil
        case .drainRequested: phase != .new && phase != .serving
        case .stopRequested: phase == .stopping || phase == .drained
        }
    }

    /// Changes what the shell knows by the event itself.
    mutating func take(_ event: Event) {
        switch event {
        case .started: phase = .serving
        case .jobArrived(let request): jobs[request.id] = Job(request: request, arrived: now)
        case .jobCancelled: break
        case .processSpawned(let process): processes[process.instance.index]?.life = .living
        case .processDied(let process): processes[process.instance.index]?.life = .dead
        case .processExited(let process): processes[process.instance.index] = nil
        case .slotOpened(let slot):
            processes[slot.process.instance.index]?.hasAnswered = true
            set(slot, to: .idle(since: now))
        case .slotClosed(let slot, _):
            if case .busy(let job)? = self[slot] {
                jobs[job]?.isWaiting = true
                jobs[job]?.failure = (slot.process, now)
            }
            set(slot, to: .closed)
        case .jobEnded(_, let slot, _): set(slot, to: .idle(since: now))
        case .timerFired(let timer):
            timers[timer] = nil
            if timer.purpose == .drain { phase = .stopping }
        case .drainRequested: phase = .draining
        case .stopRequested: if phase != .drained { phase = .stopping }
        }
    }

    /// The jobs that have to end by this event, and how. Seen before the event is taken.
    func ends(dueBy event: Event) -> [JobID: String] {
        switch event {
        case .started, .jobArrived, .processSpawned, .processDied, .processExited, .slotOpened, .drainRequested:
            return [:]
        case .jobCancelled(let job):
            return [job: JobEnd.cancelled.name]
        case .jobEnded(let job, let slot, let completed):
            guard case .busy? = self[slot], jobs[job] != nil else { return [:] }
            return [job: completed ? JobEnd.completed.name : JobEnd.failed.name]
        case .slotClosed(let slot, let canRestart):
            guard case .busy(let id)? = self[slot], let job = jobs[id] else { return [:] }
            return canRestart && job.failure == nil ? [:] : [id: JobEnd.instanceLost.name]
        case .stopRequested:
            return jobs.mapValues { _ in JobEnd.shutDown.name }
        case .timerFired(let timer) where timer.purpose == .drain:
            return jobs.mapValues { _ in JobEnd.shutDown.name }
        case .timerFired(let timer) where timer.purpose == .expire:
            let late = jobs.filter {
                $1.isWaiting && $1.expires && $1.arrived.advanced(by: pool.configuration.maxWait) <= now
            }
            return late.mapValues { _ in JobEnd.waitedTooLong(retryAfter: .zero).name }
        case .timerFired:
            return [:]
        }
    }

    /// Why a job has to be refused, if it has to.
    func refusal(dueBy event: Event) -> String? {
        guard case .jobArrived(let request) = event else { return nil }
        if phase == .stopping || phase == .drained || phase == .draining && !request.isContinuation {
            return Admission.Refusal.shuttingDown.name
        }
        let hasIdleSlot = processes.contains { process in
            guard let process, process.engine == request.engine, process.serves else { return false }
            return process.slots.contains { if case .idle = $0 { true } else { false } }
        }
        if request.isContinuation || hasIdleSlot { return nil }
        let waiting = jobs.values.filter(\.isWaiting)
        if waiting.count >= pool.configuration.maxJobs {
            return Admission.Refusal.queueFull(retryAfter: .zero).name
        }
        if waiting.count(where: { $0.request.tenant == request.tenant }) >= pool.configuration.maxJobsPerTenant {
            return Admission.Refusal.tenantLimit(retryAfter: .zero).name
        }
        if let wait = pool.predictedWait(engine: request.engine), wait > pool.configuration.maxWait {
            return Admission.Refusal.waitTooLong(predicted: wait, retryAfter: .zero).name
        }
        return nil
    }
}
