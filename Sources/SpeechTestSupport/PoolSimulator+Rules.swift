import PoolCore

extension PoolSimulator {
    /// Whether every instance serves, every slot is idle, and no job is left.
    package var isAtFullStrength: Bool {
        jobs.isEmpty
            && zip(processes, declarations).allSatisfy { process, declared in
                guard let process, process.serves, process.life == .living else { return false }
                return process.slots.count == declared.slots
                    && process.slots.allSatisfy { if case .idle = $0 { true } else { false } }
            }
    }

    /// The rules that hold after every event.
    mutating func checkRules() throws(Violation) {
        try check(dueEnds.isEmpty, "jobs that have to end do end: \(dueEnds)")
        if phase == .draining && jobs.isEmpty { phase = .stopping }
        try checkQueues()
        for index in processes.indices { try checkInstance(index) }
        try checkTimers()
        if phase == .stopping || phase == .drained { try check(jobs.isEmpty, "a stopped pool has no jobs") }
        let isEmpty = processes.allSatisfy { $0 == nil }
        try check((phase == .drained) == (isEmpty && (phase == .stopping || phase == .drained)), "drained means ended")
    }

    private func checkQueues() throws(Violation) {
        for engine in pool.configuration.engines.indices {
            let waiting = jobs.values.filter { $0.isWaiting && $0.request.engine == engine }
            try check(pool.waitingJobs(engine: engine) == waiting.count, "waiting jobs are counted")
            guard !waiting.isEmpty else { continue }
            for slot in idleSlots(engine: engine) {
                try check(
                    !waiting.contains { isRunnable($0, on: slot) },
                    "no slot idles beside a job that it could run"
                )
            }
        }
    }

    /// The pool and the shell agree on what each instance is and does.
    private func checkInstance(_ index: Int) throws(Violation) {
        let instance = pool.instances[index]
        guard let process = processes[index] else {
            switch instance.state {
            case .backoff: try check(phase != .stopping && phase != .drained, "a stopped pool starts nothing again")
            case .stopped: try check(phase == .stopping || phase == .drained, "an instance is started again")
            case .starting, .loading, .ready, .stopping: try check(false, "an instance without a process waits")
            }
            return
        }
        switch instance.state {
        case .starting: try check(process.life == .spawning, "only what is being made is starting")
        case .loading:
            try check(
                process.life != .spawning && process.orders == .none && !process.hasAnswered,
                "who has not answered loads"
            )
        case .ready:
            try check(process.serves, "who has answered is ready")
            try checkSlots(instance, process)
        case .stopping: try check(phase == .stopping || process.orders != .none, "who was told to end stops")
        case .backoff, .stopped: try check(false, "an instance with a process is not without")
        }
        if phase == .stopping {
            try check(process.life == .spawning || process.orders != .none, "a stopping pool ends all")
        }
    }

    private func checkSlots(_ instance: Instance, _ process: Process) throws(Violation) {
        try check(instance.slots.count == declarations[instance.id.index].slots, "all declared slots are used")
        for (theirs, ours) in zip(instance.slots, process.slots) {
            let agree =
                switch (theirs.state, ours) {
                case (.opening, .opening), (.interrupted, .interrupted): true
                case (.idle(let since), .idle(let known)): since == known
                case (.busy(let job), .busy(let known)): job == known && jobs[job] != nil
                default: false
                }
            try check(agree, "pool and shell agree on a slot: \(theirs.state), \(ours)")
        }
    }

    /// Whatever waits for something has a timer, and no other timers are left over.
    private func checkTimers() throws(Violation) {
        var purposes: Set<TimerID.Purpose> = []
        for timer in timers.keys {
            try check(purposes.insert(timer.purpose).inserted, "one timer for one purpose: \(timer.purpose)")
        }
        let wanted = wantedTimers
        try check(wanted.isSubset(of: purposes), "what waits has a timer: \(wanted.subtracting(purposes))")
        var left = purposes.subtracting(wanted)
        if phase == .serving || phase == .draining { left.remove(.expire) }
        try check(left.isEmpty, "no timer is left over: \(left)")

        let expiring = jobs.values.filter { $0.isWaiting && $0.expires }.map(\.arrived).min()
        if let deadline = expiring?.advanced(by: pool.configuration.maxWait) {
            let timer = timers.first { $0.key.purpose == .expire }
            try check(timer.map { $0.value <= deadline } ?? false, "a job that may not wait longer is woken")
        }
    }

    /// What has to have a timer.
    private var wantedTimers: Set<TimerID.Purpose> {
        var wanted: Set<TimerID.Purpose> = []
        if phase == .draining { wanted.insert(.drain) }
        for (index, process) in processes.enumerated() {
            guard let process else {
                if phase == .serving || phase == .draining { wanted.insert(.restart(InstanceID(index))) }
                continue
            }
            if process.orders == .terminate { wanted.insert(.terminate(process.id)) }
            if process.life != .spawning, process.orders == .none, !process.hasAnswered {
                wanted.insert(.load(process.id))
            }
            guard process.serves else { continue }
            for (index, state) in process.slots.enumerated() {
                let slot = SlotID(process: process.id, index: index)
                switch state {
                case .opening: wanted.insert(.open(slot))
                case .interrupted: wanted.insert(.cancel(slot))
                case .closed, .idle, .busy: break
                }
            }
        }
        return wanted
    }
}
