/// A place for a process of an engine, and the process that fills it.
package struct Instance: Sendable {
    /// Its place in the pool.
    package let id: InstanceID
    /// Index into `PoolConfiguration.engines`.
    package let engine: Int
    /// Index into `Pool.devices`.
    package let device: Int
    /// What it is doing now.
    package internal(set) var state: State
    /// Its slots: none without a process, one until it answers, then as many as it declares.
    package internal(set) var slots: [Slot] = []
    /// Counts its processes.
    package internal(set) var incarnation = 0
    /// Jobs that ended well, over all its processes.
    package internal(set) var jobsDone = 0
    /// What its process holds of its device's memory.
    package internal(set) var footprint = Footprint()
    /// What its process may hold of its device's memory, in bytes; `nil` if nobody knows how much there is.
    var budgetBytes: Int?
    /// Whether its process is kept to that.
    var isWalled = false
    /// When its process answered for the first time.
    var answeredAt = Instant.start
    /// Jobs that its process has ended well.
    var jobsOfProcess = 0
    /// Whether its process was told to end to make room or because it loses memory: its end is no fault.
    var isRetired = false
    /// Why it was told to.
    var retirement = PoolAction.Cause.poolEnds
    /// How often its processes have ended.
    var deaths = Deaths()
    /// Which definition of its engine its process was started from, counted from 0.
    package internal(set) var revision = 0
    /// Why its process is to be replaced, as soon as that can be.
    var wish: PoolAction.Cause?
    /// Whether somebody wants it to stay without a process.
    package internal(set) var isHeld = false
    /// Whether its process has to speak a sample well before it serves, and has not.
    var isOnTrial = false
    /// When its process showed last that it lives, while it had nothing to do.
    var heardAt = Instant.start
    /// When it was asked whether it lives, if it has not answered.
    var askedAt: Instant?
    /// Segments of which it made audio that another instance made better, over all its processes.
    package internal(set) var badSegments = 0
    /// How much bad audio it has made lately: one each, which fades with each job.
    var badAudio = 0.0
    /// What its process said of itself.
    var declared = SlotDeclaration()

    /// What an instance is doing. `Pool.move(_:to:)` is the only function that changes it.
    package enum State: Hashable, Sendable {
        /// No process, until there is room for one and its turn comes. → starting, stopped
        case vacant
        /// Between two processes. → vacant, stopped
        case backoff(TimerID)
        /// Given up until then, because its processes end again and again. → vacant, stopped
        case parked(until: Instant)
        /// A process is being made. → loading, stopping, backoff, parked, vacant
        case starting
        /// The process lives and has not answered yet. → measuring, ready, stopping, backoff, parked, vacant
        case loading(TimerID)
        /// It speaks samples: one of a new definition, and then the first of its kind on its device.
        /// → measuring, ready, stopping, backoff, parked, vacant
        case measuring(TimerID)
        /// It serves. → draining, stopping, backoff, parked, vacant
        case ready(since: Instant)
        /// It finishes what it has, and gets no more. → stopping, backoff, parked, vacant
        case draining
        /// It was told to end. → stopping (by force), backoff, parked, vacant, stopped
        case stopping(TimerID?)
        /// There is no process and there will be none. → (end)
        case stopped
    }

    /// Its latest process.
    package var process: ProcessID { ProcessID(instance: id, incarnation: incarnation) }

    /// Whether it may be given work.
    package var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    /// Whether its place is not to be filled: it is, or somebody wants it to stay empty.
    var isTaken: Bool { state != .vacant || isHeld }

    /// Whether it has no process because one has died.
    var hasDied: Bool {
        switch state {
        case .backoff, .parked: true
        case .vacant, .starting, .loading, .measuring, .ready, .draining, .stopping, .stopped: false
        }
    }

    /// Whether it works, with or without getting more.
    package var isServing: Bool { isReady || state == .draining }

    /// Whether it has a process, or one is being made.
    package var hasProcess: Bool {
        switch state {
        case .vacant, .backoff, .parked, .stopped: false
        case .starting, .loading, .measuring, .ready, .draining, .stopping: true
        }
    }

    /// Whether it is on its way from nothing to where it serves.
    var isComing: Bool {
        switch state {
        case .starting, .loading, .measuring: true
        case .vacant, .backoff, .parked, .ready, .draining, .stopping, .stopped: false
        }
    }

    /// By how much its process holds more than it may, in bytes.
    var overBudgetBytes: Int { budgetBytes.map { footprint.heldBytes - $0 } ?? 0 }

    /// Whether it had loaded by this moment.
    func hasServed(since moment: Instant) -> Bool {
        if case .ready(let since) = state { since <= moment } else { state == .draining }
    }

    /// Since when all its slots have been idle.
    var idleSince: Instant {
        slots.reduce(.start) { latest, slot in
            if case .idle(let since) = slot.state { max(latest, since) } else { latest }
        }
    }

    /// Whether it serves, and all its slots are idle since then.
    func isIdle(since moment: Instant) -> Bool {
        isReady && slots.allSatisfy { if case .idle(let since) = $0.state { since <= moment } else { false } }
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
    package internal(set) var state: State {
        didSet { if case .idle = state { (peakBytes, abandonedUntil) = (0, nil) } }
    }
    /// What its job is predicted to need above the floor, in bytes, until the slot is idle again.
    var peakBytes = 0
    /// When its job began, or moved last.
    var movedAt = Instant.start
    /// How far its device's clock had come then.
    var mark: CrowdClock.Mark = []
    /// The longest that its job has stood still, in seconds, if nothing had run beside it.
    var stillness = 0.0
    /// Whether its job stood still for longer.
    var isStalled = false
    /// Until when it may go on with a job that nobody wants any more, as long as nobody waits for it either.
    var abandonedUntil: Instant?

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
