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
import UnixSignals

/// `chorus serve`: the pool behind the HTTP surface, until a signal ends it.
struct Server {
    let configuration: Configuration

    /// Serves until SIGTERM or SIGINT, then drains.
    func run() async throws {
        LoggingSystem.bootstrap(format: configuration.log.format, level: configuration.log.level)
        let registry = PrometheusRegistry(version: ChorusCommand.configuration.version)
        registry.describeChorus()
        MetricsSystem.bootstrap(registry)
        let logger = Logger(label: "chorus")
        if let exposure = configuration.exposure { logger.warning("\(exposure.warning)") }

        // Clients' and workers' connections share one event loop, and requests run on it: from a request's bytes to a
        // worker and back no other thread is woken, which would cost more than the work. What takes long is elsewhere.
        let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let system = try SpeechSystem(configuration, eventLoop: eventLoop, logger: logger)
        let api = SpeechAPI(
            synthesizer: system.pipeline,
            pool: system.supervisor,
            metricsText: { registry.render() },
            limits: APILimits(configuration.limits),
            keys: configuration.keys.isEmpty ? nil : APIKeys(configuration.keys.map(\.key)),
            encodingExecutor: EncodingExecutor(),
            logger: logger
        )
        let http = try api.service(
            host: configuration.listen.host,
            port: configuration.listen.port,
            eventLoopGroup: eventLoop
        ) { port in
            greet(port: port)
        }
        // Services end in the opposite order: first no more requests, then no more workers.
        var group = ServiceGroupConfiguration(
            services: [
                system.supervisor, ServiceOnExecutor(service: http, executor: EventLoopExecutor(eventLoop)),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = configuration.drainTimeout
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw CommandError("\(configuration.listen) is in use by another program. Choose another with --listen.")
        }
    }

    /// Says where it serves what, and how to try it.
    private func greet(port: Int) {
        let host = configuration.listen.host == "0.0.0.0" ? "127.0.0.1" : configuration.listen.host
        let address = "http://\(ListenAddress(host: host, port: port))"
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

extension APILimits {
    fileprivate init(_ limits: Configuration.Limits) {
        self.init()
        maxInputCharacters = limits.maxInput
        maxBodyBytes = limits.maxBody
        writeStall = limits.writeStall
    }
}
