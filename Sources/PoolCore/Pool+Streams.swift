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
        let later = job.request.laterUnits
        let laterSeconds = later > 0 ? predictedSeconds(engine: job.engine, units: later).mean : 0
        let laterAudio = later > 0 ? predictedAudio(engine: job.engine, units: later) : 0
        var stream =
            streams[id]
            ?? JobStream(
                engine: job.engine,
                key: job.key,
                isPlayed: job.request.isPlayed,
                arrived: now,
                firstDue: job.due
            )
        stream.jobArrived(
            job.id,
            seconds: job.seconds,
            audio: predictedAudio(engine: job.engine, units: job.units),
            before: job.request.audioBefore,
            laterSeconds: laterSeconds,
            laterAudio: laterAudio,
            now: now
        )
        streams[id] = stream
        job.due = due(of: job, in: stream)
    }

    /// When a part of a stream should be done.
    private func due(of job: Job, in stream: JobStream) -> Instant {
        guard configuration.order == .deadline else { return job.due }
        let alone = stream.arrived.advanced(by: .seconds(job.secondsBefore + job.seconds))
        let due: Instant
        if stream.isPlayed {
            // What cannot be done by then is not more urgent for that.
            let played = stream.due(job.id)?.advanced(by: .zero - Self.playbackMargin) ?? job.due
            due = max(played, alone)
        } else {
            due = stream.arrived.advanced(by: .seconds((job.secondsBefore + job.seconds) * Self.stretch))
        }
        let later = predictedSeconds(engine: job.engine, units: job.request.laterUnits).mean
        return job.request.deadline.map { min(due, $0.advanced(by: .seconds(-later))) } ?? due
    }

    /// The jobs of a stream that wait stand where they belong.
    mutating func updateDue(of id: StreamID, now: Instant) {
        guard let stream = streams[id], stream.isPlayed, configuration.order == .deadline else { return }
        for number in stream.jobs {
            guard let job = jobs[number], case .queued = job.state else { continue }
            let due = due(of: job, in: stream)
            guard due != job.due else { continue }
            let isReturned = job.failure != nil
            if !isReturned { queues[job.engine].remove(job.id, due: job.due, job.key) }
            jobs[number]?.due = due
            if !isReturned { queues[job.engine].insert(.init(id: job.id, due: due, seconds: job.seconds), job.key) }
        }
    }

    /// How much longer than it would take alone a job may take until it is due.
    static var stretch: Double { 3 }
    /// How long before its listener runs dry a job is due.
    private static var playbackMargin: Duration { .milliseconds(250) }
}

extension Job {
    /// A job that has just come.
    init(_ request: JobRequest, in pool: Pool, now: Instant) {
        let seconds = pool.predictedSeconds(engine: request.engine, units: request.units).mean
        let isOrdered = pool.configuration.order == .deadline
        let due = isOrdered ? now.advanced(by: pool.stretched(seconds, request.jobClass)) : now
        self.init(
            request: request,
            arrived: now,
            seconds: seconds,
            secondsBefore: request.stream.flatMap { pool.streams[$0]?.arrivedSeconds } ?? 0,
            key: isOrdered
                ? JobQueue.Key(jobClass: request.jobClass, tenant: request.tenant)
                : JobQueue.Key(jobClass: .standard, tenant: ""),
            due: isOrdered ? min(due, request.deadline ?? due) : due,
            expires: request.isContinuation ? nil : now.advanced(by: pool.configuration.maxWait(request.jobClass))
        )
    }
}
