/// What the shell has to do after an event, in this order.
package enum PoolAction: Hashable, Sendable {
    /// Make a process. Answer with `processSpawned`, or with `processExited` if it could not be made.
    case spawn(ProcessID, engine: Int, device: String)
    /// Connect the slot, anew if it was connected before, and ask who is there. Answer with `slotOpened`.
    case open(SlotID)
    /// Run the job on the slot. Answer with `jobEnded`, or with `slotClosed`.
    case run(JobID, SlotID)
    /// Ask the worker to stop what it does on this slot. It answers with `jobEnded`.
    case interrupt(SlotID)
    /// Ask the process to end (SIGTERM).
    case terminate(ProcessID)
    /// End the process and all that it started (SIGKILL to the group).
    case kill(ProcessID)
    /// Tell the caller how the job ended. Each accepted job gets this exactly once.
    case end(JobID, JobEnd)
    /// Call `timerFired` at this moment.
    case setTimer(TimerID, at: Instant)
    /// Forget the timer.
    case cancelTimer(TimerID)
    /// Nothing runs any more; the pool is done.
    case drained
}

/// How a job ended.
package enum JobEnd: Hashable, Sendable {
    /// All its audio was made.
    case completed
    /// The worker said that it cannot.
    case failed
    /// The instance failed, and it could not be made again.
    case instanceLost
    /// It waited longer than `maxWait`; try again after this.
    case waitedTooLong(retryAfter: Duration)
    /// The caller took it back.
    case cancelled
    /// The pool stopped first.
    case shutDown
}

/// What became of a new job.
package enum Admission: Hashable, Sendable {
    case accepted([PoolAction])
    case refused(Refusal)

    /// Why a job was not accepted. Nothing has changed by it.
    package enum Refusal: Hashable, Sendable {
        /// `maxJobs` wait already.
        case queueFull(retryAfter: Duration)
        /// It would wait longer than `maxWait`.
        case waitTooLong(predicted: Duration, retryAfter: Duration)
        /// `maxJobsPerTenant` of this tenant wait already.
        case tenantLimit(retryAfter: Duration)
        /// The pool drains.
        case shuttingDown
    }
}
