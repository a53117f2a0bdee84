/// The pool as a pure state machine: events in, actions out.
///
/// It knows no clock, no process and no socket. Each event is a `mutating` function in the past tense that takes the
/// moment it happened and returns what the shell has to do, in order. Production and tests run the same value.
///
/// The rules are those of `docs/ARCHITECTURE.md`: one central queue for each engine; an idle slot takes the first job
/// it may run, at once; nothing is queued that would be thrown away; each accepted job ends exactly once.
package struct Pool: Sendable {
    /// What it is made of, and its limits.
    package internal(set) var configuration: PoolConfiguration
    /// All instances. More come to be when there is room for them.
    package internal(set) var instances = Fleet()
    /// Where instances may be.
    package internal(set) var devices: [Device]
    var queues: [JobQueue]
    var jobs: [JobID: Job] = [:]
    var streams = Streams()
    /// Whether too much waits, by engine.
    var standing: [StandingQueue]
    /// Until when those who were sent away have been told to come back, by engine.
    var promisedUntil: [Instant]
    /// What the texts of waiting jobs take of our memory, in bytes.
    var waitingBytes = 0
    /// Waiting jobs of each tenant that has any.
    var waitingByTenant: [String: Int] = [:]
    /// Jobs that wait for nothing but memory.
    var memoryWaiters: Set<JobID> = []
    /// Jobs that were taken from an instance because they stood still, and have not ended since.
    var stalledJobs: Set<JobID> = []
    /// What has become of each engine's definition, by its index.
    package internal(set) var revisions: [Revision]
    /// Texts that are not spoken any more.
    var quarantine = Quarantine()
    var retryBudget = RetryBudget()
    /// How often processes have ended, by device and by engine.
    var deathsOfDevices: [Deaths]
    var deathsOfEngines: [Deaths]
    /// Engines that have not served yet, and have to if the pool is to go on.
    var unproven: Set<Int>
    /// Whether there is so little host memory that bulk work is shed.
    var isUnderPressure = false
    /// Set while a job is there that is given up one day; may outlast it.
    var expireTimer: (id: TimerID, at: Instant)?
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
        queues = configuration.engines.map { _ in
            JobQueue(classWeights: configuration.classWeights, tenantWeights: configuration.tenantWeights)
        }
        standing = configuration.engines.map { _ in StandingQueue() }
        promisedUntil = configuration.engines.map { _ in .start }
        revisions = configuration.engines.map { _ in Revision([]) }
        deathsOfEngines = configuration.engines.map { _ in Deaths() }
        unproven = Set(configuration.engines.indices)
        devices = []
        deathsOfDevices = []
        addDevices()
        for engine in configuration.engines.indices { makePlaces(engine: engine) }
    }

    // MARK: What can be seen

    /// Whether what its parts keep is what counting gives, for tests. It costs O(n).
    package var isConsistent: Bool {
        let running = jobs.values.reduce(into: [Int: Load]()) { running, job in
            guard case .running = job.state else { return }
            running[job.engine, default: Load()] += Load(jobs: 1, units: job.units)
        }
        return instances.isConsistent && streams.isConsistent && queues.allSatisfy(\.isConsistent)
            && queues.indices.allSatisfy { queues[$0].running == running[$0] ?? Load() }
    }

    /// Whether its processes end, or have ended, and none is to be made.
    package var isStopping: Bool { phase == .stopping || phase == .drained }

    /// Jobs that wait, over all engines.
    package var waitingJobs: Int { queues.reduce(0) { $0 + $1.count } }

    /// Jobs that wait for an engine.
    package func waitingJobs(engine: Int) -> Int { queues[engine].count }

    /// Slots of the engine's instances that serve, on one device or all of them.
    package func readySlots(engine: Int, device: Int? = nil) -> Int {
        device.map { instances.count(engine: engine, device: $0) }?.readySlots
            ?? instances.count(engine: engine).readySlots
    }

    /// Whether a new job finds an idle slot and nobody before it.
    func canStartAtOnce(engine: Int) -> Bool {
        guard queues[engine].isEmpty, instances.count(engine: engine).idleSlots > 0,
            usableOpenings(engine: engine) > 0
        else { return false }
        let measured = figures[engine]
        return devices.indices.contains { device in
            instances.count(engine: engine, device: device).idleSlots > 0
                && openings(engine: engine, device: device, measured) > 0
        }
    }

    /// Jobs of an engine that run on a device.
    package func running(engine: Int, device: Int) -> Int {
        instances.count(engine: engine, device: device).busySlots
    }

    /// Whether another job may be run again.
    package var hasRetriesLeft: Bool { retryBudget.left >= 1 }

    /// How many more jobs of an engine may be started anywhere while its spares stand by, if there are idle slots.
    package func usableOpenings(engine: Int) -> Int {
        guard configuration.engines[engine].spares > 0 else { return Int.max }
        return readySlots(engine: engine) - idleSpareSlots(engine: engine) - instances.count(engine: engine).busySlots
    }

    /// Slots of the spares that do not stand in for others.
    func idleSpareSlots(engine: Int) -> Int {
        let spares = configuration.engines[engine].spares
        guard spares > 0 else { return 0 }
        let count = instances.count(engine: engine)
        // An instance that is on its way to replace another is one too many for now.
        let surplus = revisions[engine].replacement?.new == nil ? 0 : 1
        let wanted = max(configuration.engines[engine].instances.lowerBound, count.occupied - surplus)
        let idle = min(spares - (wanted - count.ready), count.ready - 1)
        guard idle > 0 else { return 0 }
        let slots = instances.lazy.filter { $0.engine == engine && $0.isReady }.map(\.slots.count)
        return idle * (slots.max() ?? 0)
    }

    /// How many more jobs of an engine may be started on a device, if there are idle slots for them.
    /// - Parameter measured: the engine's figures.
    func openings(engine: Int, device: Int, _ measured: [EngineFigures]) -> Int {
        let count = instances.count(engine: engine, device: device)
        return maxRunning(engine: engine, slots: count.servingSlots, measured[device]) - count.busySlots
    }

    /// How many jobs of an engine may run on a device that has so many slots for them.
    package func maxRunning(engine: Int, device: Int, slots: Int) -> Int {
        maxRunning(engine: engine, slots: slots, figures[engine][device])
    }

    /// The same, by the engine's figures on that device.
    func maxRunning(engine: Int, slots: Int, _ measured: EngineFigures) -> Int {
        configuration.engines[engine].maxRunning ?? measured.curve.limit(slots: slots)
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
            case (.vacant, .starting), (.vacant, .stopped): true
            case (.backoff, .vacant), (.backoff, .stopped), (.parked, .vacant), (.parked, .stopped): true
            case (.starting, .vacant), (.loading, .vacant), (.measuring, .vacant), (.ready, .vacant): true
            case (.starting, .parked), (.loading, .parked), (.measuring, .parked): true
            case (.ready, .parked), (.draining, .parked), (.stopping, .parked): true
            case (.starting, .loading), (.starting, .stopping), (.starting, .backoff): true
            case (.loading, .measuring), (.loading, .ready), (.loading, .stopping), (.loading, .backoff): true
            case (.measuring, .measuring), (.measuring, .ready), (.measuring, .stopping), (.measuring, .backoff): true
            case (.ready, .draining), (.ready, .stopping), (.ready, .backoff): true
            case (.draining, .stopping), (.draining, .backoff), (.draining, .vacant): true
            case (.stopping, .stopping), (.stopping, .backoff), (.stopping, .vacant), (.stopping, .stopped): true
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
