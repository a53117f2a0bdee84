import AudioEncoding
import InMemoryLogging
import Logging
import NIOPosix
import ServiceLifecycle
import SpeechAPI
import SpeechCore
import Testing

/// A server on a port of its own, for the time of a test.
struct TestServer {
    let port: Int
    private let log: InMemoryLogHandler
    /// Begins a graceful shutdown.
    let shutDown: @Sendable () async -> Void

    private init(port: Int, log: InMemoryLogHandler, shutDown: @escaping @Sendable () async -> Void) {
        self.port = port
        self.log = log
        self.shutDown = shutDown
    }

    /// - Returns: what remains of it after the last request has ended, with its log line.
    @discardableResult
    static func run(
        _ synthesizer: FakeSynthesizer,
        pool: any PoolInspector = FakePool(),
        limits: APILimits = APILimits(),
        keys: APIKeys = APIKeys(),
        origins: OriginPolicy = OriginPolicy(),
        administrator: any PoolAdministrator = FakeAdministrator(),
        isAdmin: Bool = false,
        place: ListeningPlace = .address(host: "127.0.0.1", port: 0),
        identity: TLSIdentity? = nil,
        body: (TestServer) async throws -> Void
    ) async throws -> TestServer {
        let log = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in log }
        let api = SpeechAPI(
            synthesizer: synthesizer,
            pool: pool,
            metricsText: { "chorus_up 1\n" },
            administrator: administrator,
            reload: { () async throws(ReloadError) in throw ReloadError("chorus.yaml:1:1: nonsense") },
            settings: APISettings(limits: limits, keys: keys, origins: origins),
            encodingExecutor: EncodingExecutor(),
            logger: logger
        )
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let service = api.service(
            at: place,
            identity: identity,
            isAdmin: isAdmin,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton
        ) {
            listening.yield($0 ?? 0)
        }
        let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                try await tasks.waitForAll()
                throw HTTPConnection.Failure.closed
            }
            let server = TestServer(port: port, log: log) { await group.triggerGracefulShutdown() }
            try await body(server)
            tasks.cancelAll()
            return server
        }
    }

    /// One request on a connection of its own.
    func ask(_ method: String, _ path: String, body: String? = nil, fields: String = "") async throws -> HTTPReply {
        let connection = try await HTTPConnection.open(port: port)
        try await connection.send(method, path, body: body, fields: fields)
        let reply = try await connection.reply(hasBody: method != "HEAD")
        try await connection.close()
        return reply
    }

    /// Sends a form, in the boundary `x`.
    func send(_ form: [UInt8], to path: String) async throws -> HTTPReply {
        let connection = try await HTTPConnection.open(port: port)
        let fields = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: \(form.count)\r\n"
        try await connection.send(Array("POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n".utf8) + form)
        let reply = try await connection.reply()
        try await connection.close()
        return reply
    }

    /// Asks for speech.
    func speak(_ body: String, fields: String = "") async throws -> HTTPReply {
        try await ask("POST", "/v1/audio/speech", body: body, fields: fields)
    }

    /// What the lines say that finished requests left.
    var requests: [[String: String]] {
        log.entries.filter { $0.message == "Request finished" }.map { $0.metadata.mapValues(\.description) }
    }

    /// All that was logged.
    var logged: String { "\(log.entries)" }
}

extension PCM {
    /// A tenth of a second of a saw, at the rate that needs no conversion.
    static let sample = PCM(samples: (0..<2_400).map { Int16($0 % 100 * 100) }, sampleRate: 24_000)

    var bytes: [UInt8] { samples.withUnsafeBytes { Array($0) } }
}
