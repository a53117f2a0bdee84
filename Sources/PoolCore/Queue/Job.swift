/// A segment on its way through the pool.
struct Job {
    let request: JobRequest
    let arrived: Instant
    /// How long it was predicted to take when it came, in seconds.
    let seconds: Double
    /// How long what came before it in its stream was predicted to take, in seconds.
    let secondsBefore: Double
    /// Whose turn it waits for.
    let key: JobQueue.Key
    /// When it should be done; where it stands in its queue.
    var due: Instant
    /// When it is to be done so that all of its stream is in time; `nil` without a deadline.
    let wanted: Instant?
    /// When all of its stream is to be done, so that there is a reserve until its deadline; `nil` without one.
    let aim: Instant?
    /// When it has waited too long; `nil` if it may wait until its deadline, or as long as it takes.
    var expires: Instant?
    var state = State.queued
    /// Its last failure by an instance's fault.
    var failure: Failure?
    /// How often it has been run again.
    var reruns = 0
    /// Instances that ended over it.
    var deaths = 0
    /// For how long it stood still when it was taken from an instance for that.
    var standstill: Standstill?
    /// Who made audio of it that was not believed.
    var doubted: ProcessID?
    /// Since when nothing but memory keeps it from running.
    var lacksMemorySince: Instant?

    var id: JobID { request.id }
    var engine: Int { request.engine }
    var units: Int { request.units }

    /// As it stands in its queue.
    func entry(maxWait: Duration) -> SortedJobs.Entry {
        // What belongs to a stream never expires, but that is no reason to hold it up.
        let beginBy = expires ?? (request.deadline == nil ? due.advanced(by: maxWait) : nil)
        return SortedJobs.Entry(
            id: id,
            due: due,
            units: units,
            stream: request.stream,
            beginBy: beginBy,
            aim: aim,
            doneBy: request.deadline
        )
    }

    /// When it is given up, if it is queued.
    var limit: Instant? { [expires, request.deadline].compactMap(\.self).min() }

    /// queued → running, gone; running → queued (a retry), gone.
    enum State {
        case queued
        case running(SlotID, since: Instant, mark: CrowdClock.Mark)
    }

    /// The standstill of a job that was taken to hang. The job may only have been slow.
    struct Standstill {
        let process: ProcessID
        let revision: Int
        /// How long it stood, if nothing ran beside it.
        let seconds: Double
    }

    /// Where and when an instance failed a job.
    struct Failure {
        let process: ProcessID
        let at: Instant
        /// The instance had not enough memory for it.
        let outOfMemory: Bool
    }
}

/// How a job that has run ended on its slot.
package enum JobOutcome: Hashable, Sendable {
    /// It made all the audio.
    case completed
    /// The worker answered with an error of its own, which is not retried.
    case failed
    /// The instance had not enough memory.
    case outOfMemory
    /// It made all the audio, but that is not believed. The reader of the job has forgotten it.
    case doubtful
}

/// How urgent a job is.
package enum JobClass: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// Somebody listens.
    case interactive
    /// Nobody said.
    case standard
    /// Nobody waits for it: it goes first when there is not enough for all.
    case bulk

    package static func < (left: JobClass, right: JobClass) -> Bool { left.rawValue < right.rawValue }
}

/// A new job.
package struct JobRequest: Sendable {
    /// Its name; no job had it before.
    package var id: JobID
    /// Index into `PoolConfiguration.engines`.
    package var engine: Int
    /// Who is charged.
    package var tenant: String
    /// Part of an utterance that has been admitted. It is not refused for want of room and does not expire.
    package var isContinuation: Bool
    /// How urgent it is.
    package var jobClass: JobClass
    /// The size of its text, in the unit of `PoolConfiguration.Engine.largestUnits`; 0 if it has none.
    package var units: Int
    /// The utterance that it is a part of; `nil` if it is all there is.
    package var stream: StreamID?
    /// The size of what follows it in its stream.
    package var laterUnits: Int
    /// How many jobs that will be.
    package var laterJobs: Int
    /// How many of them come as soon as this one is admitted. Each of the others comes when one of the stream is done.
    package var laterAtOnce: Int
    /// How long the audio lasts that came from elsewhere between the stream's last job and this one.
    package var audioBefore: Duration
    /// Whether the audio is played while it arrives.
    package var isPlayed: Bool
    /// Whether it had better come with gaps than not at all.
    package var toleratesGaps: Bool
    /// When nobody wants it any more.
    package var deadline: Instant?
    /// What it keeps in memory while it waits.
    package var bytes: Int
    /// What tells its text from others; `nil` if it is not to be remembered.
    package var text: TextDigest?

    /// Nothing follows it, and nothing is known of it that is not said.
    package init(
        id: JobID,
        engine: Int,
        tenant: String,
        isContinuation: Bool = false,
        jobClass: JobClass = .standard,
        units: Int = 1,
        stream: StreamID? = nil,
        laterUnits: Int = 0,
        laterJobs: Int? = nil,
        laterAtOnce: Int? = nil,
        audioBefore: Duration = .zero,
        isPlayed: Bool = true,
        toleratesGaps: Bool = true,
        deadline: Instant? = nil,
        bytes: Int = 0,
        text: TextDigest? = nil
    ) {
        self.id = id
        self.engine = engine
        self.tenant = tenant
        self.isContinuation = isContinuation
        self.jobClass = jobClass
        self.units = units
        self.stream = stream
        self.laterUnits = laterUnits
        self.laterJobs = laterJobs ?? (laterUnits > 0 ? 1 : 0)
        self.laterAtOnce = laterAtOnce ?? self.laterJobs
        self.audioBefore = audioBefore
        self.isPlayed = isPlayed
        self.toleratesGaps = toleratesGaps
        self.deadline = deadline
        self.bytes = bytes
        self.text = text
    }
}

extension JobRequest {
    /// The jobs that follow it in its stream.
    var later: Load { Load(jobs: laterUnits > 0 ? max(1, laterJobs) : 0, units: laterUnits) }
}
