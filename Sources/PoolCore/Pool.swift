/// The pool as a pure state machine: events in, actions out.
///
/// It knows no clock, no process and no socket. Each event is a `mutating` function in the past tense that takes the
/// moment it happened and returns what the shell has to do, in order. Production and tests run the same value.
///
/// The rules are those of `docs/ARCHITECTURE.md`: one central queue for each engine; an idle slot takes the first job
/// it may run, at once; nothing is queued that would be thrown away; each accepted job ends exactly once.
package struct Pool: Sendable {
    /// What it is made of, and its limits.
    package let configuration: PoolConfiguration
    /// All instances; an instance's id is its index.
    package internal(set) var instances: [Instance]

    var queues: [JobQueue]
    var jobs: [JobID: Job] = [:]
    /// Waiting jobs of each tenant that has any.
    var waitingByTenant: [String: Int] = [:]
    /// Set while a job waits that expires; may outlast it.
    var expireTimer: TimerID?
    var phase = Phase.serving
    var random: SplitMix64
    private var timersMade: UInt64 = 0

    enum Phase: Hashable {
        /// → draining, stopping
        case serving
        /// Finishes what it has. → stopping
        case draining(TimerID)
        /// Ends its processes. → drained
        case stopping
        case drained
    }

    /// Slots that an instance may declare; more are not used.
    package static let maxSlotsPerInstance = 256

    /// - Parameters:
    ///   - configuration: what it is made of.
    ///   - seed: for the jitter.
    package init(configuration: PoolConfiguration, seed: UInt64) {
        self.configuration = configuration
        random = SplitMix64(seed: seed)
        queues = configuration.engines.map { _ in JobQueue() }
        instances = []
        for (index, engine) in configuration.engines.enumerated() {
            for device in engine.devices {
                let id = InstanceID(instances.count)
                instances.append(Instance(id: id, engine: index, device: device, state: .backoff(nil)))
            }
        }
    }

    // MARK: What can be seen

    /// Whether its processes end, or have ended, and none is to be made.
    package var isStopping: Bool { phase == .stopping || phase == .drained }

    /// Jobs that wait, over all engines.
    package var waitingJobs: Int { queues.reduce(0) { $0 + $1.waiting.count } }

    /// Jobs that wait for an engine.
    package func waitingJobs(engine: Int) -> Int { queues[engine].waiting.count }

    /// How long a new job for this engine would wait; `nil` until one has been timed or while nothing serves.
    package func predictedWait(engine: Int) -> Duration? {
        if hasIdleSlot(engine: engine) { return .zero }
        return queues[engine].predictedWait(slots: readySlots(engine: engine))
    }

    /// Slots of the engine's instances that serve.
    package func readySlots(engine: Int) -> Int {
        instances.reduce(0) { $0 + ($1.engine == engine && $1.isReady ? $1.slots.count : 0) }
    }

    func hasIdleSlot(engine: Int) -> Bool {
        instances.contains { instance in
            instance.engine == engine && instance.isReady
                && instance.slots.contains { if case .idle = $0.state { true } else { false } }
        }
    }

    // MARK: Helpers of all events

    mutating func makeTimer(
        _ purpose: TimerID.Purpose,
        at deadline: Instant,
        _ actions: inout [PoolAction]
    ) -> TimerID {
        timersMade += 1
        let timer = TimerID(purpose: purpose, number: timersMade)
        actions.append(.setTimer(timer, at: deadline))
        return timer
    }

    /// The one function that changes an instance's state. An illegal move is a bug of ours.
    mutating func move(_ id: InstanceID, to next: Instance.State) {
        let allowed =
            switch (instances[id.index].state, next) {
            case (.backoff, .starting), (.backoff, .stopped): true
            case (.starting, .loading), (.starting, .stopping), (.starting, .backoff): true
            case (.loading, .ready), (.loading, .stopping), (.loading, .backoff): true
            case (.ready, .stopping), (.ready, .backoff): true
            case (.stopping, .stopping), (.stopping, .backoff), (.stopping, .stopped): true
            default: false
            }
        precondition(allowed, "an instance cannot go from \(instances[id.index].state) to \(next)")
        instances[id.index].state = next
    }

    /// Whether the news is about a process that still is the instance's own.
    func isCurrent(_ process: ProcessID) -> Bool {
        instances.indices.contains(process.instance.index)
            && instances[process.instance.index].incarnation == process.incarnation
    }

    func isCurrent(_ slot: SlotID) -> Bool {
        isCurrent(slot.process) && instances[slot.process.instance.index].slots.indices.contains(slot.index)
    }

    subscript(slot: SlotID) -> Slot.State {
        get { instances[slot.process.instance.index].slots[slot.index].state }
        set { instances[slot.process.instance.index].slots[slot.index].state = newValue }
    }
}
