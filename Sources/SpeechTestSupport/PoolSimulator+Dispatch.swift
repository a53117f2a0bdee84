import PoolCore

// Which job may run where.

extension PoolSimulator {
    mutating func run(_ id: JobID, on slot: SlotID) throws(Violation) {
        guard let job = jobs[id], job.isWaiting else { return try check(false, "only a waiting job is run") }
        // It may be told to go by the same event, after that.
        guard let process = self[slot.process], process.serves || process.retiredInStep == steps,
            case .idle? = self[slot]
        else {
            return try check(false, "a slot has one job, and only if it is idle")
        }
        try check(process.engine == job.request.engine, "a job runs on its engine")
        try check(isRunnable(job, on: slot), "a job is not run again where it failed while another could")
        try checkCompany(of: job, on: process.device)
        try checkOrder(of: job, on: slot)
        try checkPatience(with: job, on: process.device)
        notePassedOver(by: job, on: slot)

        // What nobody has measured yet is measured alone, and what has run out of memory gets a second chance, alone.
        let isMeasured = figures(of: process).peakBytes.count > 0
        let isAlone = work(on: process.device).isEmpty
        let isFree = isAlone && !isMeasured || job.isToBeAlone(on: process.device)
        let peak = peak(of: job, on: process)
        jobs[id]?.isWaiting = false
        jobs[id]?.shortSince = nil
        processes[slot.process.instance.index]?.askedAt = nil
        set(slot, to: .busy(id))
        processes[slot.process.instance.index]?.peaks[slot.index] = peak
        if peak.bytes > peak.predictedBytes { processes[slot.process.instance.index]?.isUnderestimated = true }

        if process.retiredInStep != steps {
            try check(openings(engine: process.engine, device: process.device) >= 0, "no more run than help")
        }
        if !isFree { try checkCapacity(of: process.device, "to run \(id)") }
    }

    private func peak(of job: Job, on process: Process) -> Peak {
        let bytes = need(of: process)?.peakBytes(units: job.request.units) ?? 0
        let predicted = predictedPeak(of: job, on: process)
        return Peak(bytes: bytes, knownBytes: min(bytes, predicted), predictedBytes: predicted)
    }

    /// What ran out of memory on a device runs alone there.
    private func checkCompany(of job: Job, on device: String) throws(Violation) {
        let busy = work(on: device)
        if job.isToBeAlone(on: device) { try check(busy.isEmpty, "what ran out of memory runs alone") }
        try check(
            !busy.contains { jobs[$0]?.isToBeAlone(on: device) ?? false },
            "nothing is started beside what has to be alone"
        )
    }

    /// Where nobody counts the memory, jobs come in their order, each on the best slot. Where it is counted, one that
    /// needs no more is not passed over.
    private func checkOrder(of job: Job, on slot: SlotID) throws(Violation) {
        guard let process = self[slot.process] else { return }
        let rivals = jobs.values.filter {
            $0.isWaiting && $0.request.id != job.request.id && $0.request.engine == process.engine
                && isRunnable($0, on: slot)
        }
        let isOrderly = rivals.allSatisfy { rival in
            if rival.isToBeAlone(on: process.device) { return true }
            if job.failure != nil || job.shortSince != nil { return true }
            // It may have waited for memory once, and then the pool's patience has an end.
            let isPatient = job.arrived.duration(to: now) >= pool.configuration.memoryPatience
            if isPatient, hasLackedMemory || memory != nil { return true }
            if rival.failure == nil, !precedes(rival, job) { return true }
            return usableBytes(of: process.device) != nil
                && predictedPeak(of: rival, on: process) > predictedPeak(of: job, on: process)
        }
        try check(isOrderly, "retried jobs come first, then who of one tenant and class is due first")
        for other in idleSlots(engine: process.engine) where isRunnable(job, on: other) {
            guard self[other.process]?.device == process.device, usableBytes(of: process.device) == nil else {
                continue
            }
            try check(rank(other) >= rank(slot), "the slot idle longest on the least busy instance comes first")
        }
    }

    /// Whether of two jobs of one tenant and class the first is the one to be started first.
    private func precedes(_ one: Job, _ other: Job) -> Bool {
        guard one.request.tenant == other.request.tenant, one.request.jobClass == other.request.jobClass,
            let first = pool.due(of: one.request.id), let second = pool.due(of: other.request.id)
        else { return false }
        return (first, one.request.id.number) < (second, other.request.id.number)
    }

    /// Who has waited for memory for long is passed over no more where it could run, but by one that has waited for
    /// longer.
    private func checkPatience(with job: Job, on device: String) throws(Violation) {
        for other in jobs.values where other.isWaiting && openings(engine: other.request.engine, device: device) > 0 {
            guard let since = other.shortSince, since.duration(to: now) >= pool.configuration.memoryPatience,
                since < job.failure?.at ?? job.arrived
            else { continue }
            let isPassedOver = processes(on: device, engine: other.request.engine).contains {
                couldRun(other, on: $0) && hasSlot(for: other, of: $0)
            }
            try check(!isPassedOver, "\(other.request.id) has waited for memory for too long to be passed over")
        }
    }

    /// Who was before a job in the queue, and could have had its slot, lacks memory.
    private mutating func notePassedOver(by job: Job, on slot: SlotID) {
        for (id, rival) in jobs where rival.isWaiting && rival.shortSince == nil && id != job.request.id {
            let isFirst =
                switch (rival.failure, job.failure) {
                case (let failure?, let other?): failure.at < other.at
                case (_?, nil): true
                case (nil, _?): false
                case (nil, nil): precedes(rival, job)
                }
            guard isFirst, rival.request.engine == job.request.engine, isRunnable(rival, on: slot) else { continue }
            jobs[id]?.shortSince = now
        }
    }

    private func rank(_ slot: SlotID) -> Rank {
        guard let since = self[slot]?.idleSince, let process = self[slot.process] else {
            return Rank(busy: .max, since: now)
        }
        return Rank(busy: process.busySlots, since: since)
    }

    private struct Rank: Comparable {
        var busy: Int
        var since: Instant

        static func < (left: Rank, right: Rank) -> Bool { (left.busy, left.since) < (right.busy, right.since) }
    }

    // MARK: What could run

    /// Whether a job may have one of the slots that a process has idle.
    func hasSlot(for job: Job, of process: Process) -> Bool {
        process.serves
            && process.slots.indices.contains {
                process.slots[$0].idleSince != nil && isRunnable(job, on: SlotID(process: process.id, index: $0))
            }
    }

    /// Idle slots of the processes that serve an engine.
    func idleSlots(engine: Int) -> [SlotID] {
        processes(engine: engine).filter(\.serves).flatMap { process in
            process.slots.indices.filter { process.slots[$0].idleSince != nil }
                .map { SlotID(process: process.id, index: $0) }
        }
    }

    /// How many more jobs of an engine may be started on a device.
    func openings(engine: Int, device: String) -> Int {
        let working = processes(on: device, engine: engine).filter { $0.serves || $0.isRetiring && $0.orders == .none }
        let slots = working.reduce(0) { $0 + $1.slots.count }
        let here =
            pool.maxRunning(engine: engine, device: index(of: device), slots: slots)
            - working.reduce(0) { $0 + work(of: $1).count }
        return min(here, pool.usableOpenings(engine: engine))
    }

    /// What is worked on, cancelled jobs included as long as they are waited for.
    private func work(on device: String) -> [JobID] { processes(on: device).flatMap(work) }

    private func work(of process: Process) -> [JobID] {
        process.slots.compactMap { slot in
            switch slot {
            case .busy(let job): jobs[job] != nil ? job : nil
            case .interrupted(let job): process.orders == .none ? job : nil
            case .closed, .opening, .measuring, .idle: nil
            }
        }
    }

    /// The peak that the pool predicts for a job, in bytes.
    func predictedPeak(of job: Job, on process: Process) -> Int {
        figures(of: process).peak(units: job.request.units)
    }

    /// A job runs on a process that failed it only if no other could, and on a slot that has shown life since.
    func isRunnable(_ job: Job, on slot: SlotID) -> Bool {
        guard let process = self[slot.process], !isBarred(job, from: process), !isTriedElsewhere(job) else {
            return false
        }
        guard let failure = job.failure, failure.process == slot.process else { return true }
        return self[slot]?.idleSince.map { $0 >= failure.at } ?? false
    }

    /// Whether another job with the same text runs. A text that has ended a process runs in one job at a time.
    private func isTriedElsewhere(_ job: Job) -> Bool {
        guard let text = job.request.text, suspects[text] != nil else { return false }
        return jobs.values.contains { $0.request.text == text && !$0.isWaiting && $0.request.id != job.request.id }
    }

    /// A job does not return to where it failed while it could run elsewhere: not to the process, and for want of
    /// memory not to the device.
    private func isBarred(_ job: Job, from process: Process) -> Bool {
        guard let failure = job.failure else { return false }
        let others = processes(engine: job.request.engine).filter {
            $0.serves && $0.id != failure.process && couldRun(job, on: $0)
        }
        if failure.isOutOfMemory && process.device == failure.device
            && others.contains(where: { $0.device != failure.device })
        {
            return true
        }
        return process.id == failure.process && !others.isEmpty
    }

    /// Whether a job could run on a process if nothing else ran on its device.
    private func couldRun(_ job: Job, on process: Process) -> Bool {
        job.isToBeAlone(on: process.device) || pool.fitsAlone(units: job.request.units, on: process.id.instance)
    }
}
