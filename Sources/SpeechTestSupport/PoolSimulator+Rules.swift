import PoolCore

extension PoolSimulator {
    /// The rules that hold after every event.
    mutating func checkRules() throws(Violation) {
        try check(dueEnds.isEmpty, "jobs that have to end do end: \(dueEnds)")
        if phase == .draining && jobs.isEmpty { phase = .stopping }
        try check(pool.isConsistent, "what is kept is what there is")
        try checkQueues()
        for index in processes.indices { try checkInstance(index) }
        try checkTimers()
        if phase == .stopping || phase == .drained { try check(jobs.isEmpty, "a stopped pool has no jobs") }
        let isEmpty = processes.allSatisfy { $0 == nil }
        try check((phase == .drained) == (isEmpty && (phase == .stopping || phase == .drained)), "drained means ended")
    }

    /// The pool and the shell agree on what each instance is and does.
    private func checkInstance(_ index: Int) throws(Violation) {
        let instance = pool.instances[index]
        guard let process = processes[index] else { return try checkPlace(instance) }
        switch instance.state {
        case .starting: try check(process.life == .spawning, "only what is being made is starting")
        case .loading:
            try check(
                process.life != .spawning && process.orders == .none && !process.hasAnswered,
                "who has not answered loads"
            )
        case .measuring: try check(process.isMeasuring && process.orders == .none, "who speaks samples is measured")
        case .ready:
            try check(process.serves, "who has answered is ready")
            try checkSlots(instance, process)
        case .draining:
            try check(process.isRetiring && process.orders == .none, "who is to go drains")
            try check(
                process.slots.contains { $0.job.map { jobs[$0] != nil } ?? false || $0.isInterrupted },
                "who has nothing to do goes"
            )
        case .stopping: try check(phase == .stopping || process.orders != .none, "who was told to end stops")
        case .vacant, .backoff, .parked, .stopped: try check(false, "an instance with a process is not without")
        }
        if phase == .stopping {
            try check(process.life == .spawning || process.orders != .none, "a stopping pool ends all")
        }
    }

    /// An instance without a process waits for its time, or for room.
    private func checkPlace(_ instance: Instance) throws(Violation) {
        switch instance.state {
        case .vacant:
            let own = pool.instances.filter { $0.engine == instance.engine && $0.state != .vacant }
            let here = own.filter { $0.device == instance.device }
            let engine = pool.configuration.engines[instance.engine]
            let maximum = engine.placements.first { $0.device == pool.devices[instance.device].name }?.maximum ?? 0
            let isFull = own.count >= engine.instances.upperBound || here.count >= maximum
            let isWary = here.contains { instance in
                switch instance.state {
                case .backoff, .parked: true
                default: false
                }
            }
            let isCounted = pool.devices[instance.device].memory != nil
            try check(
                phase == .new || isCounted || isFull || isWary,
                "without a ledger everything is started at once"
            )
        case .backoff, .parked:
            try check(phase != .stopping && phase != .drained, "a stopped pool starts nothing again")
        case .stopped: try check(phase == .stopping || phase == .drained, "an instance is started again")
        case .starting, .loading, .measuring, .ready, .draining, .stopping:
            try check(false, "an instance without a process waits")
        }
    }

    private func checkSlots(_ instance: Instance, _ process: Process) throws(Violation) {
        try check(instance.slots.count == declaration(of: instance.id).slots, "all declared slots are used")
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

    // MARK: Timers

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

        if let deadline = jobs.values.compactMap({ limit(of: $0) }).min() {
            let timer = timers.first { $0.key.purpose == .expire }
            try check(timer.map { $0.value <= deadline } ?? false, "a job that may not wait longer is woken")
        }
    }

    /// When a job is given up, if it is not over before.
    func limit(of job: Job) -> Instant? {
        let deadline = job.request.deadline
        guard job.isWaiting, job.expires else { return deadline }
        let expires = job.arrived.advanced(by: pool.configuration.maxWait(job.request.jobClass))
        return deadline.map { min($0, expires) } ?? expires
    }

    /// What has to have a timer.
    private var wantedTimers: Set<TimerID.Purpose> {
        var wanted: Set<TimerID.Purpose> = []
        if phase == .draining { wanted.insert(.drain) }
        for (index, process) in processes.enumerated() {
            guard let process else {
                if case .backoff = pool.instances[index].state { wanted.insert(.restart(InstanceID(index))) }
                continue
            }
            if process.orders == .terminate || process.orders == .abort { wanted.insert(.terminate(process.id)) }
            guard process.orders == .none else { continue }
            if process.isMeasuring { wanted.insert(.measure(process.id)) }
            if process.life != .spawning, !process.hasAnswered { wanted.insert(.load(process.id)) }
            guard process.hasAnswered else { continue }
            for (index, state) in process.slots.enumerated() {
                let slot = SlotID(process: process.id, index: index)
                switch state {
                case .opening: wanted.insert(.open(slot))
                case .interrupted: wanted.insert(.cancel(slot))
                case .closed, .measuring, .idle, .busy: break
                }
            }
        }
        return wanted
    }
}
