/// A segment on its way through the pool.
struct Job {
    let id: JobID
    let engine: Int
    let tenant: String
    /// When it has waited too long; `nil` if it may wait as long as it takes.
    var expires: Instant?
    var state = State.queued
    /// Its first failure by an instance's fault. A second one ends it.
    var failure: Failure?

    /// queued → running, gone; running → queued (a retry), gone.
    enum State {
        case queued
        case running(SlotID, since: Instant)
    }

    /// Where and when an instance failed a job.
    struct Failure {
        let process: ProcessID
        let at: Instant
    }
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

    package init(id: JobID, engine: Int, tenant: String, isContinuation: Bool = false) {
        self.id = id
        self.engine = engine
        self.tenant = tenant
        self.isContinuation = isContinuation
    }
}
