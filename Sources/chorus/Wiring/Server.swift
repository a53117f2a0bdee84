import ArgumentParser
import AudioEncoding
import FoundationEssentials
import Glibc
import Logging
import Metrics
import NIOCore
import NIOPosix
import Observability
import ServiceLifecycle
import SpeechAPI
import SpeechCore
import Supervisor
import UnixSignals

/// `chorus serve`: the pool behind the HTTP surface, until a signal ends it.
struct Server {
    /// What is in effect at the start.
    let loaded: LoadedConfiguration
    /// Reads all that decides the configuration once more.
    let reload: @Sendable () throws(ConfigurationError) -> LoadedConfiguration

    private var configuration: Configuration { loaded.configuration }

    /// Serves until SIGTERM or SIGINT, then drains.
    func run() async throws {
        let registry = PrometheusRegistry(version: ChorusCommand.configuration.version)
        registry.describeChorus()
        MetricsSystem.bootstrap(registry)
        LoggingSystem.bootstrap(format: configuration.log.format, level: configuration.log.level)
        let logger = Logger(label: "chorus")
        if let exposure = configuration.exposure { logger.warning("\(exposure.warning)") }
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)

        // Clients' and workers' connections share one event loop, and requests run on it: from a request's bytes to a
        // worker and back no other thread is woken, which would cost more than the work. What takes long is elsewhere.
        let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let identity = try configuration.tls.identity
        if let openness = manager.openness(configuration) { throw CommandError(openness.description) }
        let system = try SpeechSystem(configuration, eventLoop: eventLoop, logger: logger)
        let settings = APISettings(
            limits: APILimits(configuration.limits),
            keys: APIKeys(configuration.keys.map(\.key)),
            origins: configuration.originPolicy
        )
        let reloader = Reloader(
            current: loaded,
            load: reload,
            system: system,
            settings: settings,
            identity: identity,
            manager: manager,
            logger: logger
        )
        let api = SpeechAPI(
            synthesizer: system.pipeline,
            pool: system.supervisor,
            metricsText: { registry.render() },
            administrator: system.supervisor,
            reload: { () async throws(ReloadError) in try await reloader.reload() },
            settings: settings,
            encodingExecutor: EncodingExecutor(),
            logger: logger
        )
        // Services end in the opposite order: first no more requests, then no more workers.
        var services: [any Service] = [system.supervisor, reloader]
        if let path = configuration.adminSocket {
            let admin = api.service(at: .unixSocket(path: path), isAdmin: true, eventLoopGroup: eventLoop)
            services.append(ServiceOnExecutor(service: admin, executor: EventLoopExecutor(eventLoop)))
        }
        for place in places(manager) {
            let http = api.service(at: place, identity: identity, eventLoopGroup: eventLoop) { port in
                greet(port: port)
                await tell(manager, of: system.supervisor, eventLoop)
            }
            services.append(ServiceOnExecutor(service: http, executor: EventLoopExecutor(eventLoop)))
        }
        var group = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = configuration.drainTimeout
        manager.keepWatchdog(on: eventLoop)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw CommandError("\(configuration.listen) is in use by another program. Choose another with --listen.")
        } catch let error as UnixSocketFile.Failure {
            throw CommandError("`admin_socket` cannot be served. \(error)")
        } catch let error as EngineStartError {
            throw CommandError(error.description)
        }
    }

    /// What is listened to: what the service manager has bound, or else what is configured.
    private func places(_ manager: ServiceManager) -> [ListeningPlace] {
        let inherited = manager.listeningDescriptors.map { ListeningPlace.inherited(descriptor: $0) }
        let configured = ListeningPlace.address(host: configuration.listen.host, port: configuration.listen.port)
        return inherited.isEmpty ? [configured] : inherited
    }

    /// How long clients wait at a socket that was handed over until they are told that engines still load.
    private static let longestWait = Duration.seconds(30)

    /// Tells the service manager that clients can connect and be served: when each engine has an instance that is
    /// ready, or when that has taken too long for who waits at a socket that was handed over.
    private func tell(_ manager: ServiceManager, of supervisor: Supervisor, _ eventLoop: any EventLoop) async {
        let isAwaited = !manager.listeningDescriptors.isEmpty
        let latest = ContinuousClock.now + Self.longestWait
        while !Task.isShuttingDownGracefully, !Task.isCancelled, !isAwaited || .now < latest,
            supervisor.engines.contains(where: { $0.readyInstances == 0 })
        {
            guard (try? await eventLoop.scheduleTask(in: .milliseconds(50)) {}.futureResult.get()) != nil else {
                return
            }
        }
        manager.notify("READY=1")
    }

    /// Says where it serves what, and how to try it.
    private func greet(port: Int?) {
        let host = configuration.listen.host == "0.0.0.0" ? "127.0.0.1" : configuration.listen.host
        let scheme = configuration.tls.certificate == nil ? "http" : "https"
        let address = "\(scheme)://\(ListenAddress(host: host, port: port ?? configuration.listen.port))"
        let engines = configuration.engines.map { engine in
            switch engine.instances {
            case .exactly(let count): "\(engine.name) × \(count)"
            case .auto: "\(engine.name) × auto"
            }
        }
        let key = configuration.keys.isEmpty ? "" : " -H 'Authorization: Bearer KEY'"
        print(
            """
            Listening on \(address)
            Engines: \(engines.joined(separator: ", "))
            Try: curl \(address)/v1/audio/speech\(key) -d '{"input": "Hello from Chorus."}' -o hello.mp3
            """
        )
        // A pipe would keep it back.
        fflush(nil)
    }
}

extension Configuration.TLS {
    /// Who the server is.
    fileprivate var identity: TLSIdentity? {
        get throws {
            guard let certificate, let key else { return nil }
            do throws(TLSIdentity.Failure) {
                return try TLSIdentity(TLSIdentity.Files(certificate: certificate, key: key))
            } catch {
                throw CommandError("It is not served with this certificate: \(error)")
            }
        }
    }
}
