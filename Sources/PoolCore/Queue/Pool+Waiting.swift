extension Pool {
    // MARK: Where a job may run

    /// What a job is predicted to need above the floor, in bytes.
    func peak(of job: Job, on instance: Instance) -> Int { figures(of: instance).peak(units: job.units) }

    /// Whether an instance serves, and could run a job if nothing else ran on its device.
    private func couldRun(_ job: Job, on instance: Instance) -> Bool {
        guard instance.engine == job.engine, instance.isReady else { return false }
        return job.isToBeAlone(on: instance.device, in: self) || fitsAlone(units: job.units, on: instance.id)
    }

    /// A job does not return to where it failed while another instance could run it: not to the process, and for want
    /// of memory not to the device.
    private func isBarred(_ job: Job, from instance: Instance) -> Bool {
        guard let failure = job.failure else { return false }
        let isToBeAlone = job.isToBeAlone(on: instance.device, in: self)
        guard isToBeAlone || failure.process == instance.process else { return false }
        return instances.contains { other in
            other.process != failure.process
                && (failure.process == instance.process || other.device != instance.device)
                && couldRun(job, on: other)
        }
    }

    /// Whether a job may have a slot of an instance. If it failed there, the slot has to have shown life since: when a
    /// process dies, the news of its slots come one after the other.
    func isRunnable(_ job: Job, on instance: Instance, idleSince: Instant) -> Bool {
        guard !isBarred(job, from: instance), !isSuspectElsewhere(job) else { return false }
        guard let failure = job.failure, failure.process == instance.process else { return true }
        return idleSince >= failure.at
    }

    /// Whether a job's text has ended an instance, and is being tried on another: no third is to be lost to it.
    func isSuspectElsewhere(_ job: Job) -> Bool {
        guard let text = job.request.text, quarantine.entries[text] != nil else { return false }
        return jobs.values.contains { other in
            guard other.request.text == text, case .running = other.state else { return false }
            return true
        }
    }

    // MARK: Patience

    /// Remembers since when nothing but memory keeps a job from running.
    mutating func noteShortage(of job: Job, now: Instant) {
        guard job.lacksMemorySince == nil else { return }
        jobs[job.id]?.lacksMemorySince = now
        memoryWaiters.insert(job.id)
    }

    /// The job that has waited for memory for so long that what others leave of a device is kept for it. Until then,
    /// small ones that fit pass a large one that does not.
    func longestWaiter(for device: Int, now: Instant) -> JobID? {
        let late = memoryWaiters.compactMap { id -> (since: Instant, id: JobID)? in
            guard let since = jobs[id]?.lacksMemorySince, since.duration(to: now) >= configuration.memoryPatience else {
                return nil
            }
            return (since, id)
        }
        return late.sorted { ($0.since, $0.id.number) < ($1.since, $1.id.number) }
            .first { waiter in jobs[waiter.id].map { lacksMemoryOnly($0, device: device) } ?? false }?.id
    }

    /// Whether a job would run on a device if nothing else did. Nothing is kept for one whose engine has only spares
    /// left.
    private func lacksMemoryOnly(_ job: Job, device: Int) -> Bool {
        openings(engine: job.engine, device: device, figures[job.engine]) > 0 && usableOpenings(engine: job.engine) > 0
            && instances.on(device).lazy.map { instances[$0] }.contains { instance in
                couldRun(job, on: instance)
                    && instance.slots.contains { slot in
                        guard case .idle(let since) = slot.state else { return false }
                        return isRunnable(job, on: instance, idleSince: since)
                    }
            }
    }
}

extension Job {
    /// Whether the device had not enough memory for it beside others.
    func isToBeAlone(on device: Int, in pool: Pool) -> Bool {
        guard let failure, failure.outOfMemory else { return false }
        return pool.instances[failure.process.instance.index].device == device
    }
}
