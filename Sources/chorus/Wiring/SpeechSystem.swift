import Devices
import FoundationEssentials
import Logging
import NIOCore
import PoolCore
import SpeechCore
import SpeechPipeline
import Supervisor

/// The pool and what turns utterances into its segments, wired up from a configuration.
struct SpeechSystem: Sendable {
    let supervisor: Supervisor
    let pipeline: SpeechPipeline

    /// - Parameters:
    ///   - configuration: what to run.
    ///   - eventLoop: where the pool and its workers' connections live.
    /// - Throws: when the system refuses what every pool needs.
    init(_ configuration: Configuration, eventLoop: any EventLoop, logger: Logger) throws {
        let environment = ProcessInfo.processInfo.environment
        supervisor = try Supervisor(
            configuration: SupervisorConfiguration(configuration, environment: environment),
            eventLoop: eventLoop,
            logger: logger
        )
        let state = StateDirectory.path(configured: configuration.stateDirectory, environment)
        let voices = VoiceStore(directory: "\(state)/voices")
        for problem in voices.problems {
            logger.warning(
                "A made voice is left out.",
                metadata: ["voice.file": "\(problem.file)", "error.reason": "\(problem.reason)"]
            )
        }
        pipeline = SpeechPipeline(
            runner: supervisor,
            configuration: PipelineConfiguration(
                models: configuration.names.models,
                voices: configuration.names.voices,
                segmentGap: configuration.segmentGap,
                maxUtterances: configuration.limits.maxStreams,
                cache: CacheConfiguration(
                    memoryBytes: configuration.cache.memoryBytes,
                    diskBytes: configuration.cache.diskBytes,
                    directory: "\(state)/cache",
                    onDiskTrouble: { reason in
                        logger.warning("Audio is not kept on disk any more.", metadata: ["error.reason": "\(reason)"])
                    }
                )
            ),
            voiceStore: voices
        )
    }
}

extension SpeechSystem {
    /// What of the pipeline's configuration may change while it works is what this says from now on.
    func update(_ configuration: Configuration) {
        let (models, voices) = configuration.names
        pipeline.update(
            models: models,
            voices: voices,
            segmentGap: configuration.segmentGap,
            maxUtterances: configuration.limits.maxStreams
        )
    }
}

extension Configuration {
    /// The other names of engines, and of the voices of each.
    fileprivate var names: (models: [String: String], voices: [String: [String: String]]) {
        (
            Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0.engine) }),
            Dictionary(uniqueKeysWithValues: engines.map { ($0.name, $0.voices) })
        )
    }
}

extension SupervisorConfiguration {
    /// What the pool is made of, by a configuration.
    /// - Throws: `CommandError` when this machine lacks what it needs.
    init(_ configuration: Configuration, environment: [String: String]) throws {
        if let lack = configuration.lackOfRights() { throw CommandError(lack) }
        let hasGuests = configuration.engines.contains { $0.user != nil }
        guard let directory = SocketDirectory.parent(environment, isForOthers: hasGuests) else {
            let candidates = SocketDirectory.candidates(environment).joined(separator: ", ")
            let limit = SocketDirectory.pathLimitBytes - SocketDirectory.reserveBytes
            throw CommandError(
                """
                No place for the workers' sockets: none of \(candidates) is writable\
                \(hasGuests ? ", lets others pass" : "") and has a path of at most \(limit) bytes. Set XDG_RUNTIME_DIR \
                to a directory that does.
                """
            )
        }
        let programs = ProgramSearch.besideChorus(environment)
        let monitor = DeviceMonitor(environment: environment)
        let hardware = Hardware.here(monitor.read())
        let computing = configuration.engines.filter { !$0.isSingleThreaded }
        let variables = EngineConfiguration.defaultVariables(
            on: hardware,
            instances: computing.reduce(0) { $0 + $1.computingInstances(on: hardware) }
        )
        self.init(
            engines: try configuration.engines.map { engine in
                let account = try engine.account
                return Engine(
                    plan: engine.plan(on: hardware),
                    command: engine.command(search: programs),
                    environment: engine.instanceEnvironment(
                        inherited: environment,
                        defaults: variables,
                        account: account
                    ),
                    ownEnvironment: engine.environment,
                    usesTemplate: engine.usesTemplate,
                    usesMPS: engine.usesMPS,
                    user: account
                )
            },
            socketParent: directory
        ) { pool in
            pool.maxJobs = configuration.queue.maxJobs
            pool.maxJobsPerTenant = configuration.queue.maxJobsPerTenant
            pool.tenantWeights = configuration.tenantWeights
            pool.maxWait = configuration.queue.maxWait
            pool.maxBulkWait = configuration.queue.maxBulkWait
            pool.maxQueuedBytes = configuration.queue.maxBytes
            pool.standingTarget = configuration.queue.targetWait
            pool.order = configuration.queue.order
            pool.drainTimeout = configuration.drainTimeout
            pool.reserveBytes = configuration.memory.reserveBytes
        }
        self.monitor = monitor
        hostLimitBytes = configuration.memory.hostLimitBytes
        figuresFile = "\(StateDirectory.path(configured: configuration.stateDirectory, environment))/measured.json"
    }
}
