// How listeners are doing, and what is due for them.

extension Pool {
    /// Audio of a running job came.
    /// - Returns: for how long its listener had nothing to play before it.
    @discardableResult
    package mutating func audioArrived(_ id: JobID, duration: Duration, now: Instant) -> Duration {
        guard let stream = jobs[id]?.request.stream, streams[stream]?.isPlayed == true else { return .zero }
        let silence = streams[stream]?.audioArrived(id, duration: duration, now: now) ?? .zero
        updateDue(of: stream, now: now)
        return silence
    }

    /// When a waiting job should be done.
    package func due(of id: JobID) -> Instant? { jobs[id]?.due }

    /// Nothing more of a stream will be asked for.
    package mutating func streamEnded(_ id: StreamID) { streams[id] = nil }

    /// A job is a part of a stream, which may begin with it.
    mutating func joinStream(_ job: inout Job, now: Instant) {
        guard let id = job.request.stream else { return }
        var stream = streams[id] ?? JobStream(job)
        let audio = predictedAudio(engine: job.engine, units: job.units)
        stream.jobArrived(job.id, seconds: job.seconds, audio: audio, before: job.request.audioBefore, now: now)
        expect(job, &stream)
        streams[id] = stream
        let played = stream.isPlayed ? stream.dues(margin: Self.playbackMargin).last?.due : nil
        job.due = due(of: job, in: stream, played: played)
    }

    /// A stream is told what follows its last job.
    func expect(_ job: Job, _ stream: inout JobStream) {
        let later = job.request.later
        stream.expect(later, audio: predictedAudio(engine: job.engine, units: later.units))
    }

    /// When a part of an utterance is to be done so that all of it is by a deadline, with a reserve: each part has its
    /// part of the time.
    /// - Parameters:
    ///   - seconds: how long that part takes with what is before it.
    ///   - all: how long all of it takes.
    static func share(_ seconds: Double, of all: Double, from begin: Instant, to deadline: Instant) -> Instant {
        begin.advanced(by: begin.duration(to: aim(from: begin, to: deadline)) * (all > 0 ? min(1, seconds / all) : 1))
    }

    /// When all of an utterance is to be done, so that there is a reserve until its deadline.
    static func aim(from begin: Instant, to deadline: Instant) -> Instant {
        begin.advanced(by: begin.duration(to: deadline) * aimed)
    }

    /// The part of the time until a deadline in which all is to be done. The rest is for what nobody foresees: texts
    /// that take longer than nine of ten, news on its way, another instance that fails.
    static var aimed: Double { 0.9 }

    /// When a part of a stream should be done.
    /// - Parameter played: when its listener needs it, if it is played.
    private func due(of job: Job, in stream: JobStream, played: Instant?) -> Instant {
        guard configuration.order == .deadline else { return job.due }
        let seconds = job.secondsBefore + job.seconds
        // A job that cannot be done by the time that it is needed is not more urgent for that.
        let due =
            played.map { max($0, stream.arrived.advanced(by: .seconds(seconds))) }
            ?? stream.arrived.advanced(by: .seconds(seconds * Self.stretch))
        return job.wanted.map { min(due, $0) } ?? due
    }

    /// The jobs of a stream that wait stand where they belong.
    mutating func updateDue(of id: StreamID, now: Instant) {
        guard let stream = streams[id], stream.isPlayed, configuration.order == .deadline else { return }
        for (number, played) in stream.dues(margin: Self.playbackMargin) {
            guard let job = jobs[number], case .queued = job.state else { continue }
            let due = due(of: job, in: stream, played: played)
            // A rounding error is no reason to move the job in its queue.
            guard max(due, job.due) > min(due, job.due).advanced(by: Self.dueTolerance) else { continue }
            let isReturned = job.failure != nil
            if !isReturned { queues[job.engine].remove(job.id, due: job.due, job.key) }
            jobs[number]?.due = due
            if !isReturned, let job = jobs[number] { queues[job.engine].insert(entry(of: job), job.key) }
        }
    }

    /// How much longer than it would take alone something may take until it is due to which nobody listens.
    static var stretch: Double { 3 }
    /// By how much a job may stand elsewhere in its queue than where it belongs.
    private static var dueTolerance: Duration { .milliseconds(1) }
    /// How long before its listener runs dry a job is due.
    private static var playbackMargin: Duration { .milliseconds(250) }
}

extension Job {
    /// A job that has just come.
    init(_ request: JobRequest, in pool: Pool, now: Instant) {
        let seconds = pool.predictedSeconds(engine: request.engine, units: request.units)
        let isOrdered = pool.configuration.order == .deadline
        let stream = request.stream.flatMap { pool.streams[$0] }
        let wanted = request.deadline.map { deadline in
            let done = (stream?.arrivedSeconds ?? 0) + seconds
            let all = done + pool.pace(engine: request.engine).mean(request.later)
            return Pool.share(done, of: all, from: stream?.arrived ?? now, to: deadline)
        }
        let due = isOrdered ? now.advanced(by: pool.allowance(of: request, seconds: seconds)) : now
        self.init(
            request: request,
            arrived: now,
            seconds: seconds,
            secondsBefore: stream?.arrivedSeconds ?? 0,
            key: isOrdered
                ? JobQueue.Key(jobClass: request.jobClass, tenant: request.tenant)
                : JobQueue.Key(jobClass: .standard, tenant: ""),
            due: isOrdered ? min(due, wanted ?? due) : due,
            wanted: wanted,
            aim: request.deadline.map { Pool.aim(from: stream?.arrived ?? now, to: $0) },
            expires: request.isContinuation ? nil : now.advanced(by: pool.configuration.maxWait(request.jobClass))
        )
    }
}
