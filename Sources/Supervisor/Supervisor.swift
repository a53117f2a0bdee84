import Glibc
package import Logging
package import NIOCore
import NIOPosix
import PoolCore
import ServiceLifecycle
package import SpeechCore
import Synchronization
import Wyoming

/// Runs the pool: starts, connects, feeds, watches and ends the workers as `PoolCore` decides.
///
/// It lives on one event loop, together with all the workers' connections. The loop is its lock: an event comes in from
/// a connection, a timer or the process keeper, the pool's state machine is asked, and its actions are done in order,
/// without a hop between threads.
package actor Supervisor: SegmentRunner, PoolInspector, PoolAdministrator, Service {
    /// The event loop.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    nonisolated let eventLoop: any EventLoop
    nonisolated let configuration: SupervisorConfiguration
    nonisolated let logger: Logger
    nonisolated let keeper: ProcessKeeper
    nonisolated let sockets: SocketDirectory
    /// `nil` where the kernel does not allow them.
    nonisolated let groups: WorkerGroups?

    private nonisolated let published: Mutex<[EngineStatus]>
    /// The indices in the pool of the engines that segments may name, and of those that have been there, too.
    private nonisolated let names: Mutex<(present: [String: Int], all: [String: Int])>
    private nonisolated let jobsMade = Atomic<UInt64>(0)
    private nonisolated let origin = NIODeadline.now()
    private nonisolated let drained: EventLoopPromise<Void>

    var pool: Pool
    var metrics: PoolMetrics
    /// The engines that there are to be, by their indices in the pool, in the order of the configuration.
    var order: [Int]
    /// How instances of each engine are started, by the revision that the pool gave the definition.
    var definitions: [[Int: SupervisorConfiguration.Engine]]
    /// How the last process of each engine ended.
    var lastFailures: [Int: Failure] = [:]
    /// Why the pool could not start.
    private var startFailure: EngineStartError?
    private var clock: RepeatedTask?
    var workers: [ProcessID: Worker] = [:]
    var templates: [TemplateID: Template] = [:]
    var daemons: [MPSGroup: MPSDaemon] = [:]
    /// Kept when the pool has ended and the daemons have not.
    var daemonsEnded: EventLoopPromise<Void>?
    var work: [JobID: Work] = [:]
    /// The `info` of each engine's newest definition that has served. Workers that know only Wyoming have no `traits`.
    var infos: [Int: WyomingInfo] = [:]
    /// What the audio of an engine depends on, once an instance of it has loaded.
    var fingerprints: [Int: String] = [:]
    var linksMade = 0
    /// Engines that have fewer instances than they should, of which it has been said.
    var shortages: Set<Int> = []
    /// What is known of the devices' memory, and who looks.
    var watch: MemoryWatch?
    private var timers: [TimerID: Scheduled<Void>] = [:]
    /// Actions that wait because others are being done. An action may cause an event at once; its actions come after.
    private var pending: [PoolAction] = []
    private var isPerforming = false

    /// - Parameters:
    ///   - configuration: what to run.
    ///   - eventLoop: where; nothing else should be busy there.
    ///   - seed: for the jitter of waits.
    /// - Throws: when the system refuses what every pool needs.
    package init(
        configuration: SupervisorConfiguration,
        eventLoop: any EventLoop,
        logger: Logger,
        seed: UInt64 = UInt64.random(in: .min ... .max)
    ) throws(SystemError) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        metrics = PoolMetrics(engines: configuration.engines.map(\.name))
        // Before there is any process but us.
        groups = Self.makeGroups(configuration, logger)
        keeper = try ProcessKeeper()
        sockets = try SocketDirectory(in: configuration.socketParent)
        published = Mutex(configuration.engines.map { EngineStatus(name: $0.name) })
        order = Array(configuration.engines.indices)
        definitions = configuration.engines.map { [0: $0] }
        names = Mutex(([:], [:]))
        drained = eventLoop.makePromise()
        watch = configuration.monitor.map { MemoryWatch(monitor: $0, configuration: configuration) }
        var plan = configuration.pool
        watch?.prepare(&plan, engines: configuration.engines)
        pool = Pool(configuration: plan, seed: seed)
        let indices = configuration.engines.enumerated().map { ($1.name, $0) }
        let known = Dictionary(indices) { first, _ in first }
        names.withLock { $0 = (known, known) }
    }

    /// Only those who look at the memory put up walls.
    private static func makeGroups(_ configuration: SupervisorConfiguration, _ logger: Logger) -> WorkerGroups? {
        guard configuration.monitor != nil else { return nil }
        do throws(SystemError) {
            return try WorkerGroups(root: configuration.systemRoot)
        } catch {
            logger.debug("Workers have no control groups of their own.", metadata: [.reason: "\(error)"])
            return nil
        }
    }

    /// Runs the pool until it has been told to shut down gracefully and has drained. When its task is cancelled it does
    /// not wait for jobs.
    package nonisolated func run() async throws {
        onLoop { supervisor, now in
            supervisor.perform(supervisor.pool.started(now: now))
            supervisor.publish()
            supervisor.readMemory()
            supervisor.startClock()
        }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await drained.futureResult.get()
            } onGracefulShutdown: {
                self.onLoop { supervisor, now in supervisor.perform(supervisor.pool.drainRequested(now: now)) }
            }
        } onCancel: {
            onLoop { supervisor, now in supervisor.perform(supervisor.pool.stopRequested(now: now)) }
        }
    }

    // MARK: SegmentRunner

    /// The engines as they were when something about them last changed; known without a hop to the loop.
    package nonisolated var engines: [EngineStatus] { published.withLock { $0 } }

    package nonisolated func submit(_ segment: Segment, to sink: any SegmentSink) -> @Sendable () -> Void {
        // An utterance that was accepted is spoken to its end, even if its engine is to go.
        guard let engine = engine(named: segment.engine, isToGo: segment.index > 0) else {
            sink.fail(.noEngine(named: segment.engine))
            return {}
        }
        let id = nextJob()
        onLoop { supervisor, now in
            supervisor.admit(id, Work(segment, to: sink, engine: engine), now: now)
        }
        return { self.cancel(id) }
    }

    /// See `SegmentRunner`.
    package nonisolated func utteranceEnded(_ utterance: UInt64) {
        onLoop { supervisor, _ in supervisor.pool.streamEnded(StreamID(utterance)) }
    }

    /// See `SegmentRunner`.
    package nonisolated func makeVoice(
        _ recipe: VoiceRecipe,
        engine name: String,
        tenant: String,
        priority: Priority
    ) async throws(SpeechError) -> [String: JSONValue] {
        guard let engine = engine(named: name) else { throw .noEngine(named: name) }
        let id = nextJob()
        let speaker = eventLoop.makePromise(of: [String: JSONValue].self)
        onLoop { supervisor, now in
            if let info = supervisor.infos[engine], info.traits?.makeVoice != true {
                speaker.fail(SpeechError(.refusedByEngine, "Engine '\(name)' cannot make voices."))
                return
            }
            let work = Work(recipe, to: speaker, engine: engine, tenant: tenant, priority: priority)
            supervisor.admit(id, work, now: now)
        }
        do {
            return try await withTaskCancellationHandler {
                try await speaker.futureResult.get()
            } onCancel: {
                cancel(id)
            }
        } catch {
            throw error as? SpeechError ?? .cancelled
        }
    }

    private nonisolated func engine(named name: String, isToGo: Bool = false) -> Int? {
        names.withLock { isToGo ? $0.all[name] : $0.present[name] }
    }

    private nonisolated func nextJob() -> JobID { JobID(jobsMade.wrappingAdd(1, ordering: .relaxed).newValue) }

    private nonisolated func cancel(_ id: JobID) {
        onLoop { supervisor, now in supervisor.perform(supervisor.pool.jobCancelled(id, now: now)) }
    }

    private func admit(_ id: JobID, _ newWork: Work, now: Instant) {
        switch pool.jobArrived(newWork.jobRequest(id, now: now), now: now) {
        case .accepted(let actions):
            work[id] = newWork
            newWork.audio?.admitted()
            perform(actions)
        case .refused(let refusal):
            let error = SpeechError(refusal, configuration: pool.configuration)
            metrics.jobRefused(engine: newWork.engine, error)
            newWork.fail(error)
        }
    }

    // MARK: The loop

    /// Runs `body` on the event loop, soon.
    nonisolated func onLoop(_ body: @escaping @Sendable (isolated Supervisor, Instant) -> Void) {
        eventLoop.execute { self.assumeIsolated { body($0, $0.now) } }
    }

    nonisolated var now: Instant { Instant(sinceStart: .nanoseconds((NIODeadline.now() - origin).nanoseconds)) }

    /// Does what the pool decided, in order.
    func perform(_ actions: [PoolAction]) {
        pending += actions
        guard !isPerforming else { return }
        isPerforming = true
        while !pending.isEmpty {
            let batch = pending
            pending = []
            for action in batch { perform(action) }
            if pool.isStopping {
                giveUpDaemons()
                giveUpTemplates()
            }
        }
        isPerforming = false
        for engine in pool.configuration.engines.indices {
            metrics.waiting(pool.waitingJobs(engine: engine), engine: engine)
        }
    }

    private func perform(_ action: PoolAction) {
        switch action {
        case .spawn(let process, let engine, let device, let memoryBytes):
            spawn(process, engine: engine, device: device, memoryBytes: memoryBytes)
            publish()
        case .open(let slot): open(slot)
        case .measure(let slot): measure(slot)
        case .limit(let process, let bytes): limit(process, memoryBytes: bytes)
        case .readMemory: readMemory()
        case .release(let process): send(.release, to: SlotID(process: process, index: 0))
        case .run(let job, let slot): run(job, on: slot)
        case .interrupt(let slot): send(.cancel, to: slot)
        case .terminate(let process, let cause): terminate(process, because: cause)
        case .abort(let process): abort(process)
        case .kill(let process, let failing): kill(process, because: failing.reason)
        case .ask(let slot): send(.describe, to: slot)
        case .rehearse(let slot): rehearse(slot)
        case .reportParked(let instance): reportParked(instance)
        case .reportRolledBack(let engine): reportRolledBack(engine)
        case .reportStartFailed(let engine): startFailure = startError(of: engine)
        case .end(let job, let end): self.end(job, end)
        case .setTimer(let timer, let moment): setTimer(timer, at: moment)
        case .cancelTimer(let timer): timers.removeValue(forKey: timer)?.cancel()
        case .drained:
            clock?.cancel()
            let failure = startFailure
            endDaemons { supervisor in
                supervisor.stopWatching {
                    self.keeper.leave { remaining in
                        if remaining > 0 {
                            let reason = "\(remaining) of them did not end when they were killed"
                            self.logger.error("Processes are left.", metadata: [.reason: "\(reason)"])
                        }
                        self.groups?.sweep()
                        self.sockets.remove()
                        if let failure { self.drained.fail(failure) } else { self.drained.succeed() }
                    }
                }
            }
        }
    }

    private func startClock() {
        let interval = TimeAmount(configuration.pool.watchInterval)
        clock = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            self.assumeIsolated { supervisor in
                supervisor.perform(supervisor.pool.timePassed(now: supervisor.now))
            }
        }
    }

    private func setTimer(_ timer: TimerID, at moment: Instant) {
        let deadline = origin + TimeAmount(moment.sinceStart)
        timers[timer] = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.assumeIsolated { supervisor in
                supervisor.timers[timer] = nil
                supervisor.perform(supervisor.pool.timerFired(timer, now: supervisor.now))
            }
        }
    }

    /// Lets everybody see how the engines are.
    func publish() {
        let engines = statuses
        published.withLock { $0 = engines }
        metrics.instances(pool)
    }

    /// The engines as they are now.
    var statuses: [EngineStatus] {
        order.map { index in
            EngineStatus(
                name: pool.configuration.engines[index].name,
                voices: infos[index]?.voices,
                instances: max(
                    pool.configuration.engines[index].instances.lowerBound,
                    pool.instances.count { $0.engine == index && $0.state != .vacant }
                ),
                readyInstances: pool.instances.count { $0.engine == index && $0.isReady },
                parkedInstances: pool.instances.count {
                    if case .parked = $0.state { $0.engine == index } else { false }
                },
                slots: pool.readySlots(engine: index),
                isDeterministic: infos[index]?.traits?.deterministic == true && !isMixed(index),
                takesSpans: infos[index]?.traits?.spans == true,
                fingerprint: isMixed(index) ? mixedFingerprint(index) : fingerprints[index] ?? ""
            )
        }
    }

    /// Whether instances of several definitions of an engine serve, so that nobody can tell which of them is heard.
    func isMixed(_ engine: Int) -> Bool {
        Set(pool.instances.lazy.filter { $0.engine == engine && $0.isServing }.map(\.revision)).count > 1
    }

    /// What no other audio has, before or after.
    private func mixedFingerprint(_ engine: Int) -> String { "\(sockets.path) \(pool.revisions[engine].current)" }

    /// Segments may name the engines that there are to be, and no others.
    func publishNames() {
        let indices = order.map { (pool.configuration.engines[$0].name, $0) }
        let present = Dictionary(uniqueKeysWithValues: indices)
        names.withLock { $0 = (present, $0.all.merging(present) { $1 }) }
        publish()
    }
}

extension SpeechError {
    fileprivate static func noEngine(named name: String) -> SpeechError {
        SpeechError(.modelNotFound, "There is no engine named \(name).")
    }
}
