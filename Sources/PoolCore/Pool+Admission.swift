// Who is let in. A job that is has a good chance to be done in time; who is not is told why and when to come back.

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
        let outlook = outlook(of: job, now: now)
        if let end = outlook.end, let deadline = job.request.deadline, now.advanced(by: end) > deadline {
            // Who would be too late even alone need not wait for a turn.
            let alone = predictedEnd(of: job, after: .zero) ?? .zero
            let retryAfter =
                now.advanced(by: alone) > deadline
                ? Self.shortestRetry : retryAfter(for: job, wait: outlook.wait, now: now)
            return .deadlineTooEarly(predicted: end, retryAfter: retryAfter)
        }
        if let delay = outlook.delay, delay > outlook.longestDelay {
            return .waitTooLong(predicted: delay, retryAfter: retryAfter(for: job, wait: delay, now: now))
        }
        guard !canStart, let wait = outlook.wait else { return nil }
        if let predicted = outlook.waitTooLong(most: configuration.maxWait(job.request.jobClass)) {
            return .waitTooLong(
                predicted: predicted,
                retryAfter: retryAfter(for: job, wait: max(wait, predicted), now: now)
            )
        }
        if let standing = outlook.standing {
            return .standingQueue(predicted: standing, retryAfter: retryAfter(for: job, wait: standing, now: now))
        }
        return nil
    }

    /// A limit of what may wait that a job would go over.
    private mutating func reachedLimit(_ job: Job, now: Instant) -> Admission.Refusal? {
        if waitingJobs >= configuration.maxJobs || waitingBytes + job.request.bytes > configuration.maxQueuedBytes {
            return .queueFull(retryAfter: retryAfter(for: job, wait: predictedWait(of: job, now: now), now: now))
        }
        guard waitingByTenant[job.request.tenant, default: 0] >= configuration.maxJobsPerTenant else { return nil }
        // Its own jobs are in its way, and no turn of others.
        let wait = predictedWait(of: job, now: now) ?? .zero
        return .tenantLimit(retryAfter: jittered(wait))
    }

    /// What is predicted for a new job, and what it has to be for the job to be taken.
    package struct Outlook: Sendable {
        /// How long it waits until it is started, in nine of ten cases; `nil` while nothing serves or nothing is known.
        package var wait: Duration?
        /// By how much this one, or one of those who wait already, would be done too late; not positive if none, `nil`
        /// where `wait` is.
        package var lateness: Duration?
        /// For how long others keep what it begins from being done in time; `nil` if nothing follows it.
        package var delay: Duration?
        /// What `delay` may be.
        package var longestDelay: Duration
        /// How long all that waits of its class takes, if it has more of that than an equal part; `nil` else.
        package var crowd: Duration?
        /// How long it takes until all of what it begins is done, in nine of ten cases; `nil` while nothing is known.
        package var end: Duration?
        /// How long it would wait behind all that its tenant has in a queue that has been standing for too long; `nil`
        /// if it has not.
        package var standing: Duration?

        /// How long it would wait if that is too long for it or for others who wait already; `nil` if it is not.
        /// - Parameter most: how long it may wait.
        package func waitTooLong(most: Duration) -> Duration? {
            if let wait, wait > most { return wait }
            if let crowd, crowd > most { return crowd }
            if let lateness, lateness > .zero { return max(wait ?? .zero, lateness) }
            return nil
        }
    }

    /// What is predicted for a job that comes now.
    package func outlook(of request: JobRequest, now: Instant) -> Outlook {
        outlook(of: Job(request, in: self, now: now), now: now)
    }

    /// How long a job that comes now waits until it is started, in nine of ten cases; `nil` until one has been timed or
    /// while nothing serves.
    package func predictedWait(engine: Int, tenant: String, now: Instant) -> Duration? {
        // Something of usual length to which nobody listens: who is more urgent waits less.
        let request = JobRequest(id: JobID(.max), engine: engine, tenant: tenant, units: 100, isPlayed: false)
        return outlook(of: request, now: now).wait
    }

    private func outlook(of job: Job, now: Instant) -> Outlook {
        let wait = predictedWait(of: job, now: now)
        let delay = predictedDelay(of: job, now: now)
        let waits = wait.map { $0 > .zero } ?? false
        return Outlook(
            wait: wait,
            lateness: waits ? predictedLateness(with: job, now: now) : nil,
            delay: delay,
            longestDelay: longestDelay(of: job),
            crowd: waits ? crowd(around: job) : nil,
            end: predictedEnd(of: job, after: max(wait ?? .zero, delay ?? .zero)),
            standing: standingWait(of: job, now: now)
        )
    }

    private func crowd(around job: Job) -> Duration? {
        let (seconds, tenants) = queues[job.engine].load(of: job.key.jobClass)
        let own = queues[job.engine].seconds(of: job.key)
        guard own + job.seconds > (seconds + job.seconds) / Double(max(1, tenants)) else { return nil }
        return .seconds((seconds + job.seconds) / Double(max(1, usableSlots(engine: job.engine))))
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
        let ahead = queues[job.engine].secondsAhead(of: job.key, due: now.advanced(by: configuration.maxBulkWait))
        let wait = Duration.seconds(ahead / Double(max(1, usableSlots(engine: job.engine))))
        if job.request.jobClass == .bulk { return wait }
        // Who has little in the queue is not the one who makes it stand.
        return wait > configuration.standingTarget ? wait : nil
    }

    // MARK: Foresight

    /// How long a text is predicted to take on a slot: the mean, and how much more nine of ten stay below; in seconds.
    package func predictedSeconds(engine: Int, units: Int) -> (mean: Double, margin: Double) {
        prediction(engine: engine, units: units, of: \.seconds) ?? (Self.unknownSeconds * Double(units), 0)
    }

    /// How much audio a text is predicted to become, in seconds.
    func predictedAudio(engine: Int, units: Int) -> Double {
        prediction(engine: engine, units: units, of: \.audioSeconds)?.mean
            ?? Self.unknownAudio * Double(max(0, units))
    }

    /// The mean of the devices that serve, or of all that are known.
    private func prediction(
        engine: Int,
        units: Int,
        of fit: KeyPath<EngineFigures, LinearFit>
    ) -> (mean: Double, margin: Double)? {
        guard units > 0 else { return (0, 0) }
        let known = devices.indices.filter { figures[engine][$0][keyPath: fit].count > 0 }
        let serving = known.count > 1 ? known.filter { readySlots(engine: engine, device: $0) > 0 } : known
        let used = serving.isEmpty ? known : serving
        guard !used.isEmpty else { return nil }
        var (mean, high) = (0.0, 0.0)
        for device in used {
            mean += figures[engine][device][keyPath: fit].mean(units: units) ?? 0
            high += figures[engine][device][keyPath: fit].predict(units: units) ?? 0
        }
        return (mean / Double(used.count), max(0, high - mean) / Double(used.count))
    }

    /// Seconds that a unit takes, and seconds of audio that it becomes, before anything has been measured. Only the
    /// order of the first jobs is to depend on it: so little that nobody is refused for a rush that nobody has timed.
    private static var unknownSeconds: Double { 0.0005 }
    private static var unknownAudio: Double { 0.065 }

    /// How long a job waits until it is started, in nine of ten cases; `nil` while nothing serves or nothing is known.
    func predictedWait(of job: Job, now: Instant) -> Duration? {
        if canStartAtOnce(engine: job.engine) { return .zero }
        let slots = usableSlots(engine: job.engine)
        guard slots > 0, isTimed(engine: job.engine) else { return nil }
        let ahead = queues[job.engine].secondsAhead(of: job.key, due: job.due)
        let margin = predictedSeconds(engine: job.engine, units: job.units).margin
        let jobs = max(1, ahead / max(job.seconds, 1e-9)).squareRoot()
        return .seconds((ahead + runningSeconds(engine: job.engine, now: now) + margin * jobs) / Double(slots))
    }

    /// By how much who waits would be done too late if a job came.
    private func predictedLateness(with job: Job, now: Instant) -> Duration {
        var begun = JobStream(job)
        expect(job, &begun)
        let others = streams.values.filter { $0.engine == job.engine && $0.key == job.key }
        let maxWait = configuration.maxWait(job.request.jobClass)
        let lateness = queues[job.engine].lateness(
            adding: entry(of: job),
            job.key,
            streams: others.compactMap { $0.later(maxWait: maxWait, now: now) }.map { ($0, false) }
                + [begun].compactMap { $0.later(maxWait: maxWait, now: now) }.map { ($0, true) },
            busy: runningSeconds(engine: job.engine, now: now),
            slots: Double(max(1, usableSlots(engine: job.engine))),
            now: now
        )
        return .seconds(lateness)
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

    /// How long it takes until all of what a job begins is done, in nine of ten cases.
    private func predictedEnd(of job: Job, after delay: Duration) -> Duration? {
        guard isTimed(engine: job.engine) else { return nil }
        let own = predictedSeconds(engine: job.engine, units: job.units)
        let later = predictedSeconds(engine: job.engine, units: job.request.laterUnits)
        // While nothing serves, what is configured is on its way.
        let usable = usableSlots(engine: job.engine)
        let slots = Double(max(1, usable > 0 ? usable : configuration.engines[job.engine].instances.lowerBound))
        return delay + .seconds(own.mean + own.margin + (later.mean + later.margin) / slots)
    }

    /// For how long others keep what a job begins from being done in time, if it has more to follow; `nil` if it has
    /// not.
    ///
    /// Each stream wants its seconds spread over the time until all of it is due. What that leaves of the slots' time
    /// until this one's end has to be enough for this one.
    private func predictedDelay(of job: Job, now: Instant) -> Duration? {
        let slots = Double(usableSlots(engine: job.engine))
        guard job.request.laterUnits > 0, slots > 0, isTimed(engine: job.engine) else { return nil }
        let own = job.seconds + predictedSeconds(engine: job.engine, units: job.request.laterUnits).mean
        let audio = predictedAudio(engine: job.engine, units: job.units + job.request.laterUnits)
        let wanted = max(job.request.isPlayed ? audio : 0, own / slots, 1)
        let end = now.advanced(by: .seconds(wanted))
        var later: [JobQueue.Key: Double] = [:]
        for stream in streams.values where stream.engine == job.engine && stream.laterSeconds > 0 {
            let length = now.duration(to: stream.end(now: now)) / .seconds(1)
            later[stream.key, default: 0] += stream.laterSeconds * min(1, wanted / max(length, 1e-9))
        }
        let ahead = queues[job.engine].secondsAhead(of: job.key, due: end, later: later)
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
        let seconds = predictedSeconds(engine: job.engine, units: units).mean
        let isPlayable =
            seconds / Double(max(1, usableSlots(engine: job.engine))) < predictedAudio(engine: job.engine, units: units)
        return isPlayable ? min(most, configuration.standingTarget) : most
    }

    /// Whether a job of the engine has been timed.
    private func isTimed(engine: Int) -> Bool { figures[engine].contains { $0.seconds.count > 0 } }

    /// Slots of an engine that may all be at work.
    func usableSlots(engine: Int) -> Int {
        devices.indices.reduce(0) { sum, device in
            let slots = readySlots(engine: engine, device: device)
            return sum + min(slots, maxRunning(engine: engine, device: device, slots: slots))
        } - idleSpareSlots(engine: engine)
    }

    /// How long what runs is predicted to go on, in seconds.
    private func runningSeconds(engine: Int, now: Instant) -> Double {
        instances.reduce(0) { sum, instance in
            guard instance.engine == engine else { return sum }
            return instance.slots.reduce(sum) { sum, slot in
                guard case .busy(let id) = slot.state, let job = jobs[id], case .running(_, let since, _) = job.state
                else { return sum }
                return sum + max(0, job.seconds - since.duration(to: now) / .seconds(1))
            }
        }
    }

    // MARK: When to come back

    /// When there is likely to be room for a job that is refused or given up: when what is ahead of it has got short
    /// enough, and after all those who were sent away before it and may come back. ±20 % so that they do not all come
    /// at once.
    mutating func retryAfter(for job: Job, wait: Duration?, now: Instant) -> Duration {
        let slots = Double(max(1, usableSlots(engine: job.engine)))
        let seconds = job.seconds + predictedSeconds(engine: job.engine, units: job.request.laterUnits).mean
        let room = now.advanced(by: max(.zero, (wait ?? .zero) - configuration.standingTarget))
        let turn = max(room, promisedUntil[job.engine])
        promisedUntil[job.engine] = min(
            turn.advanced(by: .seconds(seconds / slots)),
            now.advanced(by: Self.longestRetry)
        )
        return jittered(now.duration(to: turn))
    }

    private mutating func jittered(_ wait: Duration) -> Duration {
        min(max(wait, Self.shortestRetry), Self.longestRetry) * Double.random(in: 0.8...1.2, using: &random)
    }

    /// Nobody is told to come back sooner than this, or later than that, but for the jitter.
    private static var shortestRetry: Duration { .seconds(1) }
    private static var longestRetry: Duration { .seconds(600) }
}
