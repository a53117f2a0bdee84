/// A place for a process of an engine, and the process that fills it.
package struct Instance: Sendable {
    /// Its place in the pool.
    package let id: InstanceID
    /// Index into `PoolConfiguration.engines`.
    package let engine: Int
    /// Where it runs, such as `cpu` or `cuda:0`, as the configuration has it.
    package let device: String
    /// What it is doing now.
    package internal(set) var state: State
    /// Its slots: none without a process, one until it answers, then as many as it declares.
    package internal(set) var slots: [Slot] = []
    /// Counts its processes.
    package internal(set) var incarnation = 0
    /// Jobs that ended well, over all its processes.
    package internal(set) var jobsDone = 0
    /// Deaths in a row, for the back-off.
    var deaths = 0
    /// Whether the worker obeys a cancel.
    var obeysCancel = false

    /// What an instance is doing. `Pool.move(_:to:)` is the only function that changes it.
    package enum State: Hashable, Sendable {
        /// Not started yet, or between two processes. → starting, stopped
        case backoff(TimerID?)
        /// A process is being made. → loading, stopping, backoff
        case starting
        /// The process lives and has not answered yet. → ready, stopping, backoff
        case loading(TimerID)
        /// It serves. → stopping, backoff
        case ready(since: Instant)
        /// It was told to end. → stopping (by force), backoff, stopped
        case stopping(TimerID?)
        /// There is no process and there will be none. → (end)
        case stopped
    }

    var process: ProcessID { ProcessID(instance: id, incarnation: incarnation) }

    /// Whether it may be given work.
    package var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    /// Slots that are doing something.
    package var busySlots: Int {
        slots.count { slot in
            switch slot.state {
            case .busy, .interrupted: true
            case .opening, .idle: false
            }
        }
    }
}

/// One thing that an instance can do at a time.
package struct Slot: Sendable {
    /// What it is doing now.
    package internal(set) var state: State

    /// What a slot is doing.
    package enum State: Hashable, Sendable {
        /// Its connection is being made. → idle
        case opening(TimerID?)
        /// It could run a job since this moment. → busy, opening
        case idle(since: Instant)
        /// → idle, interrupted, opening
        case busy(JobID)
        /// Its job was cancelled and the worker has not said yet that it stopped. → idle, opening
        case interrupted(JobID, TimerID)
    }
}
