/// A job's name; the caller gives it and never uses it twice.
package struct JobID: Hashable, Sendable {
    /// What tells it from other jobs; the caller chooses it.
    package var number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }
}

/// The jobs of one utterance, which are heard one after the other.
package struct StreamID: Hashable, Sendable {
    /// What tells it from other streams; the caller chooses it.
    package var number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }
}

/// An instance's place in the pool; it stays the same over restarts.
package struct InstanceID: Hashable, Sendable {
    /// Index into `Pool.instances`.
    package var index: Int

    package init(_ index: Int) {
        self.index = index
    }
}

/// One process of an instance. What is heard of an earlier process of the same instance is stale and ignored.
package struct ProcessID: Hashable, Sendable {
    /// Whose process it is.
    package var instance: InstanceID
    /// Counts the processes of this instance from 1.
    package var incarnation: Int

    package init(instance: InstanceID, incarnation: Int) {
        self.instance = instance
        self.incarnation = incarnation
    }
}

/// One slot of one process.
package struct SlotID: Hashable, Sendable {
    /// The process that offers it.
    package var process: ProcessID
    /// Index into `Instance.slots`.
    package var index: Int

    package init(process: ProcessID, index: Int) {
        self.process = process
        self.index = index
    }
}

/// A timer. The number tells it from earlier timers of the same purpose.
package struct TimerID: Hashable, Sendable {
    /// What is due when it fires.
    package var purpose: Purpose
    /// Counts the pool's timers from 1.
    package var number: UInt64

    /// What is due when the timer fires.
    package enum Purpose: Hashable, Sendable {
        /// The instance's back-off is over.
        case restart(InstanceID)
        /// The process should have loaded by now.
        case load(ProcessID)
        /// The samples should have been spoken by now.
        case measure(ProcessID)
        /// The process should have ended by now.
        case terminate(ProcessID)
        /// The slot should have answered on its new connection by now.
        case open(SlotID)
        /// The worker should have obeyed the cancel by now.
        case cancel(SlotID)
        /// A job has waited long enough, or its deadline is there.
        case expire
        /// Draining has taken long enough.
        case drain
    }
}
