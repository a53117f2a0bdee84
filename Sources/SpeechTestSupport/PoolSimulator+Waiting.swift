import PoolCore

// No job waits without a reason.

extension PoolSimulator {
    /// Where nobody counts the memory, no slot idles beside a job that it could run.
    func checkQueues() throws(Violation) {
        for engine in pool.configuration.engines.indices {
            let waiting = jobs.values.filter { $0.isWaiting && $0.request.engine == engine }
            try check(pool.waitingJobs(engine: engine) == waiting.count, "waiting jobs are counted")
            guard !waiting.isEmpty else { continue }
            let isCounted = pool.configuration.engines[engine].placements.contains { usableBytes(of: $0.device) != nil }
            guard !isCounted else { continue }
            for slot in idleSlots(engine: engine) {
                guard let process = self[slot.process], isOpen(process.device, to: engine) else { continue }
                let job = waiting.first { isRunnable($0, on: slot) }
                try check(job == nil, "\(slot) idles beside \(job?.request.id.description ?? "") that it could run")
            }
        }
    }

    /// Whether more jobs of an engine may run on a device, and nobody is or is to be alone there.
    private func isOpen(_ device: String, to engine: Int) -> Bool {
        openings(engine: engine, device: device) > 0 && !jobs.values.contains { $0.isToBeAlone(on: device) }
    }

    /// Whether the pool looks as far as this in a queue.
    private func isSeen(_ job: Job) -> Bool { pool.waitingJobs(engine: job.request.engine) <= Pool.lookahead }

    /// Remembers since when nothing but memory has kept a job from running.
    mutating func noteShortages() {
        for (id, job) in jobs where job.isWaiting && job.shortSince == nil && isSeen(job) {
            let lacksMemory = idleSlots(engine: job.request.engine).contains { slot in
                guard let process = self[slot.process] else { return false }
                return isRunnable(job, on: slot)
                    && openings(engine: job.request.engine, device: process.device) > 0
            }
            if lacksMemory { jobs[id]?.shortSince = now }
        }
    }

    /// When all is known, a device on which nothing runs leaves no job waiting that fits there.
    func checkPatientJobs(after reading: MemoryReading) throws(Violation) {
        // It may have been read before something else happened.
        guard steps == readAfterStep + 1 else { return }
        for device in pool.devices.map(\.name) where isAllKnown(of: device, by: reading) {
            guard let usable = usableBytes(of: device) else { continue }
            let here = processes(on: device)
            guard here.allSatisfy({ $0.orders == .none && $0.peaks.isEmpty && $0.busySlots == 0 }) else { continue }
            let room = usable - (memory?.devices[device]?.foreignBytes ?? 0) - expectedBytes(on: device)
            for job in jobs.values
            where job.isWaiting && isSeen(job) && openings(engine: job.request.engine, device: device) > 0 {
                let fits = here.contains { process in
                    process.engine == job.request.engine && hasSlot(for: job, of: process)
                        && (job.isToBeAlone(on: device)
                            || predictedPeak(of: job, on: process) <= room - Self.toleranceBytes)
                }
                try check(!fits, "\(device) is idle, and \(job.request.id) waits that fits there")
            }
        }
    }

    /// Whether a reading tells of all that is on a device.
    func isAllKnown(of device: String, by reading: MemoryReading) -> Bool {
        reading.devices[device] != nil
            && processes(on: device).allSatisfy { $0.life == .spawning || reading.processes[$0.id] != nil }
    }

    /// What processes have or come to have on a device, and what is left of others, in bytes.
    private func expectedBytes(on device: String) -> Int {
        let coming = processes(on: device).filter { !$0.hasAnswered }
        return usedBytes(on: device)
            + coming.reduce(0) { sum, process in
                let figures = figures(of: process)
                return sum + max(figures.floor(besideOthers: false), figures.floor(besideOthers: true))
            }
    }
}
