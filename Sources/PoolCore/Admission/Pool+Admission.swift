// Which jobs are let in. A job that is has a good chance to be done in time; one that is not is told why, and when to
// come back.

extension Pool {
    /// Why a job is not taken; `nil` if it is.
    mutating func refusal(of job: Job, now: Instant) -> Admission.Refusal? {
        switch phase {
        case .serving: break
        case .draining: if !job.request.isContinuation { return .shuttingDown }
        case .stopping, .drained: return .shuttingDown
        }
        if let text = job.request.text, quarantine.holds(text, now: now) {
            quarantine.refused(text)
            return .quarantined
        }
        if let wait = untilTriedAgain(engine: job.engine, now: now) { return .unavailable(retryAfter: jittered(wait)) }
        if let shortage = shortage(for: job, now: now) { return shortage }
        if let deadline = job.request.deadline, deadline <= now { return .deadlineExceeded }
        if job.request.isContinuation { return nil }
        let canStart = canStartAtOnce(engine: job.engine)
        if !canStart, let limit = reachedLimit(job, now: now) { return limit }
        // Nobody can be late.
        if canStart, job.request.deadline == nil, job.request.laterUnits == 0, streams.isEmpty { return nil }
        // A guess refuses nobody.
        guard isProven(engine: job.engine) else { return nil }
        return predictedTrouble(of: job, canStart: canStart, now: now)
    }

    /// A limit of what may wait that a job would go over.
    private mutating func reachedLimit(_ job: Job, now: Instant) -> Admission.Refusal? {
        if waitingJobs >= configuration.maxJobs || waitingBytes + job.request.bytes > configuration.maxQueuedBytes {
            return .queueFull(retryAfter: retryAfter(for: job, wait: backlog(engine: job.engine, now: now), now: now))
        }
        guard waitingByTenant[job.request.tenant, default: 0] >= configuration.maxJobsPerTenant else { return nil }
        // Its own jobs are in its way, and no turn of others.
        let wait = backlog(engine: job.engine, of: job.key, now: now)
        return .tenantLimit(retryAfter: jittered(isProven(engine: job.engine) ? wait : guessed(wait)))
    }

    /// Why a job would not be done in time, or others would not because of it.
    private mutating func predictedTrouble(of job: Job, canStart: Bool, now: Instant) -> Admission.Refusal? {
        let outlook = outlook(of: job, now: now)
        if let deadline = job.request.deadline, outlook.end > now.duration(to: deadline) * Self.aimed {
            // A job that would be too late even alone need not wait for a turn.
            let isHopeless = endAlone(of: job, now: now) > now.duration(to: deadline) * Self.aimed
            let retryAfter = isHopeless ? Self.shortestRetry : retryAfter(for: job, wait: outlook.wait, now: now)
            return .deadlineTooEarly(predicted: outlook.end, retryAfter: retryAfter)
        }
        if let delay = outlook.delay, delay > outlook.longestDelay {
            return .tooSlow(predicted: delay, retryAfter: retryAfter(for: job, wait: delay, now: now))
        }
        if let lateness = outlook.lateness {
            let wait = max(outlook.wait, lateness)
            return .othersTooLate(predicted: lateness, retryAfter: retryAfter(for: job, wait: wait, now: now))
        }
        guard !canStart else { return nil }
        if outlook.wait > configuration.maxWait(job.request.jobClass) {
            let retryAfter = retryAfter(for: job, wait: outlook.wait, now: now)
            return .waitTooLong(predicted: outlook.wait, retryAfter: retryAfter)
        }
        if let standing = outlook.standing {
            return .standingQueue(predicted: standing, retryAfter: retryAfter(for: job, wait: standing, now: now))
        }
        return nil
    }

    /// What is predicted for a new job, and what it has to be for the job to be taken.
    private struct Outlook {
        /// How long it waits until it is started, in nine of ten cases.
        var wait = Duration.zero
        /// How long it takes until all of what it begins is done, in nine of ten cases. It is found out only for a job
        /// with a deadline, or if something may be late.
        var end = Duration.zero
        /// By how much another one of its tenant and class would be too late because of it; `nil` if none would.
        var lateness: Duration?
        /// For how long others keep what it begins from being done in time; `nil` if nothing follows it, or if it has a
        /// deadline, which says more.
        var delay: Duration?
        /// What `delay` may be.
        var longestDelay = Duration.zero
        /// How long it would wait behind all that its tenant has in a queue that has been standing for too long; `nil`
        /// if it has not.
        var standing: Duration?
    }

    /// How long a job that comes now waits until it is started, in nine of ten cases; `nil` until one has been timed or
    /// while nothing serves.
    package func predictedWait(engine: Int, tenant: String, now: Instant) -> Duration? {
        if canStartAtOnce(engine: engine) { return .zero }
        guard usableSlots(engine: engine) > 0, isTimed(engine: engine) else { return nil }
        // Something of usual length to which nobody listens: what is more urgent waits less.
        let request = JobRequest(id: JobID(.max), engine: engine, tenant: tenant, units: 100, isPlayed: false)
        return .seconds(forecast(with: Job(request, in: self, now: now), now: now).begin)
    }

    private func outlook(of job: Job, now: Instant) -> Outlook {
        var outlook = Outlook()
        outlook.longestDelay = longestDelay(of: job)
        // While nothing serves, what is configured is on its way.
        guard usableSlots(engine: job.engine) > 0 else {
            outlook.end = endAlone(of: job, now: now)
            return outlook
        }
        if let most = mostWait(of: job, now: now) {
            outlook.wait = most
        } else {
            let forecast = forecast(with: job, now: now)
            outlook.wait = .seconds(forecast.begin)
            outlook.end = .seconds(forecast.end)
            if forecast.late > 0, forecast.late > self.forecast(with: job, isAdded: false, now: now).late {
                outlook.lateness = .seconds(forecast.lateness)
            }
        }
        if job.request.deadline == nil {
            outlook.delay = predictedDelay(of: job, longerThan: outlook.longestDelay, now: now)
        }
        outlook.standing = standingWait(of: job, now: now)
        return outlook
    }

    /// How long a job waits at the most, whatever the order of what waits, if it and all others of its tenant and class
    /// are in time even so; `nil` if only a forecast can tell. It looks at each of them once.
    private func mostWait(of job: Job, now: Instant) -> Duration? {
        let queue = queues[job.engine]
        guard job.request.deadline == nil, let beginBy = queue.beginBy(of: job.key) else { return nil }
        var load = queue.load
        load += entry(of: job).load
        load += job.request.later
        guard streams.later(engine: job.engine, of: job.key).withDeadline == 0 else { return nil }
        load += streams.later(engine: job.engine).load
        let pace = pace(engine: job.engine)
        let busy = pace.mostHigh(queue.running) + pace.margin * Double(load.jobs).squareRoot()
        // While a job waits no slot is idle, so all of them together do no more than this before it.
        let wait = Duration.seconds((busy + pace.most(load)) / Double(max(1, usableSlots(engine: job.engine))))
        let limit = min(configuration.maxWait(job.request.jobClass), now.duration(to: beginBy))
        return wait <= limit ? wait : nil
    }

    /// Runs the queue forward.
    /// - Parameter isAdded: whether the job comes.
    private func forecast(with job: Job, isAdded: Bool = true, now: Instant) -> QueueForecast.Outcome {
        var forecast = QueueForecast(
            queues[job.engine],
            slots: slotOutlooks(engine: job.engine, now: now),
            streams: streams.of(engine: job.engine),
            newcomer: newcomer(job),
            isAdded: isAdded,
            pace: pace(engine: job.engine),
            now: now
        )
        return forecast.run()
    }

    private func newcomer(_ job: Job) -> QueueForecast.Newcomer {
        var stream: JobStream?
        if job.request.laterUnits > 0 {
            var begun = JobStream(job)
            let audio = predictedAudio(engine: job.engine, units: job.units)
            begun.jobArrived(job.id, seconds: job.seconds, audio: audio, before: .zero, now: job.arrived)
            expect(job, &begun)
            stream = begun
        }
        return .init(
            entry: entry(of: job),
            key: job.key,
            stream: stream,
            laterAtOnce: job.request.laterAtOnce
        )
    }

    /// How long it takes until all of what a job begins is done if nothing else is there.
    private func endAlone(of job: Job, now: Instant) -> Duration {
        let usable = usableSlots(engine: job.engine)
        let slots = max(1, usable > 0 ? usable : configuration.engines[job.engine].instances.lowerBound)
        var forecast = QueueForecast(
            JobQueue(classWeights: configuration.classWeights, tenantWeights: configuration.tenantWeights),
            slots: Array(repeating: QueueForecast.SlotOutlook(free: 0), count: slots),
            streams: EmptyCollection(),
            newcomer: newcomer(job),
            pace: pace(engine: job.engine),
            now: now
        )
        return .seconds(forecast.run().end)
    }

    private func standingWait(of job: Job, now: Instant) -> Duration? {
        let standing = standing[job.engine].duration(now: now)
        let isTooLong =
            switch job.request.jobClass {
            case .interactive: false
            case .standard: standing >= configuration.standingInterval * 2
            case .bulk: standing >= configuration.standingInterval
            }
        guard isTooLong else { return nil }
        let due = now.advanced(by: configuration.maxBulkWait)
        let ahead = queues[job.engine].secondsAhead(of: job.key, due: due, pace: pace(engine: job.engine))
        let wait = Duration.seconds(ahead / Double(max(1, usableSlots(engine: job.engine))))
        if job.request.jobClass == .bulk { return wait }
        // Who has little in the queue is not the one who makes it stand.
        return wait > configuration.standingTarget ? wait : nil
    }

    /// A job as it stands in its queue.
    func entry(of job: Job) -> SortedJobs.Entry {
        job.entry(maxWait: configuration.maxWait(job.request.jobClass))
    }

    /// How long after its arrival a job is due that takes so many seconds. Who listens waits for his first words, and
    /// they are short. Half of what it may wait at the most, so that the other half is there for being late.
    func allowance(of request: JobRequest, seconds: Double) -> Duration {
        let stretch = request.isPlayed ? 1 : Self.stretch
        return min(.seconds(seconds * stretch), configuration.maxWait(request.jobClass) / 2)
    }

    /// For how long others keep what a job begins from being done in time, if it has more to follow; `nil` if it has
    /// not, or if that is not longer than a limit, whatever the order of what waits.
    ///
    /// Each stream wants its seconds spread over the time until all of it is due. What that leaves of the slots' time
    /// until this one's end has to be enough for this one.
    private func predictedDelay(of job: Job, longerThan limit: Duration, now: Instant) -> Duration? {
        let slots = Double(usableSlots(engine: job.engine))
        guard job.request.laterUnits > 0, slots > 0 else { return nil }
        let pace = pace(engine: job.engine)
        let own = job.seconds + pace.mean(job.request.later)
        let audio = predictedAudio(engine: job.engine, units: job.units + job.request.laterUnits)
        let wanted = max(job.request.isPlayed ? audio : 0, own / slots, 1)
        let queue = queues[job.engine]
        let most =
            own + pace.most(queue.load) + pace.most(streams.later(engine: job.engine).load)
            + pace.mostHigh(queue.running)
        guard .seconds(most / slots - wanted) > limit else { return nil }
        let end = now.advanced(by: .seconds(wanted))
        var later: [JobQueue.Key: Double] = [:]
        for (_, stream) in streams.of(engine: job.engine) where stream.later.jobs > 0 {
            let length = now.duration(to: stream.end(pace: pace, now: now)) / .seconds(1)
            later[stream.key, default: 0] += pace.mean(stream.later) * min(1, wanted / max(length, 1e-9))
        }
        let ahead = queue.secondsAhead(of: job.key, due: end, later: later, pace: pace)
        let all = ahead + runningSeconds(engine: job.engine, now: now) + own
        return .seconds(max(0, all / slots - wanted))
    }

    /// For how long others may keep what a job begins from being done in time. Who listens and wants no gaps is not
    /// to be interrupted for longer than the target; where nothing can be played while it is made, one has to wait
    /// anyway.
    private func longestDelay(of job: Job) -> Duration {
        let most = configuration.maxWait(job.request.jobClass)
        guard job.request.isPlayed, !job.request.toleratesGaps else { return most }
        let units = job.units + job.request.laterUnits
        let seconds = job.seconds + pace(engine: job.engine).mean(job.request.later)
        let isPlayable =
            seconds / Double(max(1, usableSlots(engine: job.engine))) < predictedAudio(engine: job.engine, units: units)
        return isPlayable ? min(most, configuration.standingTarget) : most
    }

    // MARK: When to come back

    /// When there is likely to be room for a job that is refused or given up: when what is ahead of it has got short
    /// enough, and after all those who were sent away before it and may come back. ±20 % so that they do not all come
    /// at once. While predictions are worth little, it is soon.
    mutating func retryAfter(for job: Job, wait: Duration, now: Instant) -> Duration {
        guard isProven(engine: job.engine) else { return jittered(guessed(wait)) }
        let slots = Double(max(1, usableSlots(engine: job.engine)))
        let seconds = job.seconds + pace(engine: job.engine).mean(job.request.later)
        let room = now.advanced(by: max(.zero, wait - configuration.standingTarget))
        let turn = max(room, promisedUntil[job.engine])
        promisedUntil[job.engine] = min(
            turn.advanced(by: .seconds(seconds / slots)),
            now.advanced(by: Self.longestRetry)
        )
        return jittered(now.duration(to: turn))
    }

    /// A wait that nobody can predict is told to be short.
    private func guessed(_ wait: Duration) -> Duration { min(wait, configuration.standingTarget) }

    private mutating func jittered(_ wait: Duration) -> Duration {
        min(max(wait, Self.shortestRetry), Self.longestRetry) * Double.random(in: 0.8...1.2, using: &random)
    }

    /// Nobody is told to come back sooner than this, or later than that, but for the jitter.
    private static var shortestRetry: Duration { .seconds(1) }
    private static var longestRetry: Duration { .seconds(600) }
}
