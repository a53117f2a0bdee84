import PoolCore

extension PoolSimulator {
    /// A process, as the shell knows it.
    struct Process: Sendable {
        let id: ProcessID
        let engine: Int
        let device: String
        /// Which definition of its engine it was started from.
        let revision: Int
        var life = Life.spawning
        var orders = Orders.none
        /// Whether it has answered once.
        var hasAnswered = false
        /// Whether it speaks samples.
        var isMeasuring = false
        /// Whether it has to speak them well.
        var isOnTrial = false
        /// When it was asked whether it lives, if it has not answered.
        var askedAt: Instant?
        /// Slots whose jobs stood still for too long.
        var stalled: Set<Int> = []
        /// Whether it gets no more work, because it is to end.
        var isRetiring = false
        /// The event by which it was told so.
        var retiredInStep: Int?
        var slots: [Slot] = []
        /// What it may hold.
        var budgetBytes: Int?
        /// What its floor has grown by.
        var creepBytes = 0
        /// What of that the pool has been told.
        var knownCreepBytes = 0
        /// Whether it has been read when it had nothing to do.
        var wasReadIdle = false
        /// What it keeps for its next job.
        var cacheBytes = 0
        /// What of that the pool has been told.
        var knownCacheBytes = 0
        /// Whether a job needed more of it than was predicted.
        var isUnderestimated = false
        /// What its slots need above the floor until they are idle again, by their indices.
        var peaks: [Int: Peak] = [:]

        enum Life: Sendable { case spawning, living, dead }
        enum Orders: Sendable { case none, terminate, abort, kill }

        var kind: Kind { Kind(engine: engine, revision: revision) }

        /// Whether it may be given work.
        var serves: Bool { hasAnswered && orders == .none && !isMeasuring && !isRetiring }

        /// Whether it is on its way to where it serves.
        var isComing: Bool { orders == .none && (!hasAnswered || isMeasuring) }

        /// Jobs that it runs, cancelled ones included.
        var busySlots: Int { slots.count { $0.job != nil } }

        /// It keeps nothing any more, and the pool may rely on that.
        mutating func giveUpCache() { (cacheBytes, knownCacheBytes) = (0, 0) }

        var peakBytes: Int { peaks.values.reduce(0) { $0 + $1.bytes } }
    }

    /// What a job needs above the floor.
    struct Peak: Sendable {
        var bytes: Int
        /// What of it the pool could know when it gave the job to the slot.
        var knownBytes: Int
        /// What the pool took it to be then.
        var predictedBytes: Int
    }

    /// A connection, as the shell knows it.
    enum Slot: Sendable {
        case closed, opening, measuring
        case idle(since: Instant)
        case busy(JobID)
        case interrupted(JobID)

        var isConnected: Bool {
            switch self {
            case .closed, .opening: false
            case .measuring, .idle, .busy, .interrupted: true
            }
        }

        /// The job that it works on.
        var job: JobID? {
            switch self {
            case .closed, .opening, .measuring, .idle: nil
            case .busy(let job), .interrupted(let job): job
            }
        }

        var isInterrupted: Bool { if case .interrupted = self { true } else { false } }

        /// Since when it has been idle; `nil` if it is not.
        var idleSince: Instant? {
            if case .idle(let since) = self { since } else { nil }
        }
    }

    /// An accepted job.
    struct Job: Sendable {
        let request: JobRequest
        let arrived: Instant
        var isWaiting = true
        /// Where and when an instance failed it.
        var failure: Failure?
        /// How often it has been run again.
        var reruns = 0
        /// How often an instance hung over it.
        var deaths = 0
        /// Since when nothing but memory keeps it from running, at the latest.
        var shortSince: Instant?

        /// Whether it may wait only for so long.
        var expires: Bool { !request.isContinuation && failure == nil }

        struct Failure: Sendable {
            var process: ProcessID
            var device: String
            var at: Instant
            var isOutOfMemory: Bool
        }

        /// Whether nothing else may run there beside it.
        func isToBeAlone(on device: String) -> Bool { failure?.isOutOfMemory == true && failure?.device == device }
    }

    subscript(process: ProcessID) -> Process? {
        guard let current = processes[process.instance.index], current.id == process else { return nil }
        return current
    }

    subscript(slot: SlotID) -> Slot? {
        guard let process = self[slot.process], process.slots.indices.contains(slot.index) else { return nil }
        return process.slots[slot.index]
    }

    mutating func set(_ slot: SlotID, to state: Slot) {
        guard var process = self[slot.process] else { return }
        process.slots[slot.index] = state
        if state.idleSince != nil {
            if need(of: process)?.keepsCache == true {
                process.cacheBytes = max(process.cacheBytes, process.peakBytes)
            }
            process.peaks[slot.index] = nil
        }
        processes[slot.process.instance.index] = process
    }

    /// The processes that there are on a device, or everywhere.
    func processes(on device: String? = nil, engine: Int? = nil) -> [Process] {
        processes.compactMap { process in
            guard let process, process.device == device ?? process.device else { return nil }
            return process.engine == engine ?? process.engine ? process : nil
        }
    }

    /// The index of a device in the pool.
    func index(of device: String) -> Int {
        guard let index = pool.devices.firstIndex(where: { $0.name == device }) else {
            preconditionFailure("the pool knows its devices")
        }
        return index
    }
}
