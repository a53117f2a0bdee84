/// What the shell has to do after an event, in this order.
package enum PoolAction: Hashable, Sendable {
    /// Make a process. Answer with `processSpawned`, or with `processExited` if it could not be made.
    /// It may hold so many bytes of its device's memory at most; `nil` if nobody knows how much there is.
    case spawn(ProcessID, engine: Int, device: String, memoryBytes: Int? = nil)
    /// Connect the slot, anew if it was connected before, and ask who is there. Answer with `slotOpened`.
    case open(SlotID)
    /// Read the memory, speak samples of all sizes on the slot, tell the peak of each, and read the memory again.
    /// Answer with `measured`.
    case measure(SlotID)
    /// From now on the process may hold at most so many bytes of its device's memory.
    case limit(ProcessID, memoryBytes: Int)
    /// Ask the process for the memory that it keeps for its next job.
    case release(ProcessID)
    /// Read the memory soon. Answer with `memoryRead`.
    case readMemory
    /// Run the job on the slot. Answer with `jobEnded`, or with `slotClosed`.
    case run(JobID, SlotID)
    /// Ask the worker to stop what it does on this slot. It answers with `jobEnded`.
    case interrupt(SlotID)
    /// Ask the process to end (SIGTERM).
    case terminate(ProcessID, because: Cause = .poolEnds)
    /// End a process that hangs so that it tells where (SIGABRT), and cut its connections. `kill` follows if it does
    /// not end. Answer with `slotClosed` for each connection.
    case abort(ProcessID)
    /// End the process and all that it started (SIGKILL to the group).
    case kill(ProcessID, because: Failing)
    /// Ask on the slot whether somebody is there. Answer with `heard`.
    case ask(SlotID)
    /// Have a sample spoken on the slot. Answer with `rehearsed`.
    case rehearse(SlotID)
    /// Say that an instance was given up for now.
    case reportParked(InstanceID)
    /// Say that an engine's new definition does not work, and that it is the old one again.
    case reportRolledBack(engine: Int)
    /// Say that an engine cannot be loaded at all. The pool stops.
    case reportStartFailed(engine: Int)
    /// Tell the caller how the job ended. Each accepted job gets this exactly once.
    case end(JobID, JobEnd)
    /// Call `timerFired` at this moment.
    case setTimer(TimerID, at: Instant)
    /// Forget the timer.
    case cancelTimer(TimerID)
    /// Nothing runs any more; the pool is done.
    case drained

    /// The failure for which a process is killed.
    package enum Failing: Hashable, Sendable {
        /// It did not answer within the load timeout.
        case load
        /// It did not speak the sample that was to show that its definition works, or not well, or not in time.
        case rehearse
        /// It did not answer on a new connection in time.
        case answer
        /// It was asked to end, or to tell where it hangs, and did not end in time.
        case end
    }

    /// Why a process is asked to end.
    package enum Cause: Hashable, Sendable {
        case poolEnds
        /// Others have taken the device's memory, the reserve included.
        case roomNeeded
        /// It holds more than its budget, and others have no reserve left.
        case overBudget
        /// It holds ever more memory.
        case memoryCreeps
        /// It has done as many jobs, or has lived as long, as it may.
        case recycled
        /// Its engine is defined otherwise now.
        case replaced
        /// It made audio that others made better.
        case badAudio
        /// There are to be fewer.
        case notWanted
        /// Somebody asked for it.
        case asked
    }
}

/// How a job ended.
package enum JobEnd: Hashable, Sendable {
    /// All its audio was made.
    case completed
    /// The worker said that it cannot.
    case failed
    /// The instance failed, and it could not be made again.
    case instanceLost
    /// Instances ended over its text, and no more are to.
    case quarantined
    /// Its deadline passed.
    case deadlineExceeded
    /// It waited longer than `maxWait`; try again after this.
    case waitedTooLong(retryAfter: Duration)
    /// It needs more memory than any device that it could run on has, even alone, as is known by now.
    case tooLarge(needsBytes: Int, hasBytes: Int)
    /// There is too little memory, and it is bulk work; try again after this.
    case shed(retryAfter: Duration)
    /// The caller took it back.
    case cancelled
    /// All instances of its engine have been given up for now; try again after this.
    case unavailable(retryAfter: Duration)
    /// The pool stopped first.
    case shutDown
}

/// What became of a new job.
package enum Admission: Hashable, Sendable {
    case accepted([PoolAction])
    case refused(Refusal)

    /// Why a job was not accepted. Nothing is kept of it but the turn that it was told to come for.
    package enum Refusal: Hashable, Sendable {
        /// `maxJobs` wait already, or texts of `maxQueuedBytes`.
        case queueFull(retryAfter: Duration)
        /// It would be begun later than `maxWait` allows.
        case waitTooLong(predicted: Duration, retryAfter: Duration)
        /// Another one of its tenant and class would be begun later than `maxWait` allows, or done after its deadline.
        case othersTooLate(predicted: Duration, retryAfter: Duration)
        /// Others would keep a long text from being done in time for longer than may be.
        case tooSlow(predicted: Duration, retryAfter: Duration)
        /// Its deadline has passed.
        case deadlineExceeded
        /// It would not be done by its deadline.
        case deadlineTooEarly(predicted: Duration, retryAfter: Duration)
        /// All have waited for long for a while, and it is not among the most urgent.
        case standingQueue(predicted: Duration, retryAfter: Duration)
        /// `maxJobsPerTenant` of this tenant wait already.
        case tenantLimit(retryAfter: Duration)
        /// It needs more memory than any device that it could run on has, even alone.
        case tooLarge(needsBytes: Int, hasBytes: Int)
        /// All instances of its engine have been given up for now.
        case unavailable(retryAfter: Duration)
        /// Instances have ended over its text.
        case quarantined
        /// There is too little memory just now, and it is bulk work.
        case shed(retryAfter: Duration)
        /// The pool drains.
        case shuttingDown
    }
}
