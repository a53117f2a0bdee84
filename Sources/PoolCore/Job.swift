/// A segment on its way through the pool.
struct Job {
    let id: JobID
    let engine: Int
    let tenant: String
    var state: State
    /// The process that failed it, if one did. A job is retried once, and not there.
    var failedOn: ProcessID?

    /// queued → running, gone; running → queued (a retry), gone.
    enum State {
        case queued
        case running(SlotID, since: Instant)
    }
}

/// A new job.
package struct JobRequest: Sendable {
    package var id: JobID
    /// Index into `PoolConfiguration.engines`.
    package var engine: Int
    /// Who is charged.
    package var tenant: String
    /// Part of an utterance that has been admitted. It is not refused for want of room and does not expire.
    package var isContinuation: Bool

    package init(id: JobID, engine: Int, tenant: String, isContinuation: Bool = false) {
        self.id = id
        self.engine = engine
        self.tenant = tenant
        self.isContinuation = isContinuation
    }
}
