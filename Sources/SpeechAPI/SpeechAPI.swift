package import AudioEncoding
import FoundationEssentials
import HummingbirdCore
package import Logging
package import NIOCore
package import ServiceLifecycle
package import SpeechCore

/// The HTTP surface: OpenAI's speech API and the routes around it, over anything that synthesizes.
package struct SpeechAPI: Sendable {
    /// Speaks.
    let synthesizer: any Synthesizer
    /// Shows the pool.
    let pool: any PoolInspector
    /// The page of `/metrics`.
    let metricsText: @Sendable () -> String
    /// What is put up with.
    let limits: APILimits
    /// Who may ask; `nil` is anybody.
    let keys: APIKeys?
    /// Where audio is encoded that takes long.
    let encodingExecutor: EncodingExecutor
    /// Gets a line per request. It is passed on as a value: task-locals do not reach everywhere.
    let logger: Logger
    /// What is counted.
    let metrics = APIMetrics()
    /// Who is connected.
    let connections = Connections()
    /// For requests that make voices.
    let voicePlaces: Places
    /// What models give as their age.
    let startedAt = Self.now

    /// - Parameters:
    ///   - synthesizer: speaks the utterances.
    ///   - pool: what `/v1/pool` and `/health/ready` show.
    ///   - metricsText: the page of `/metrics`, in Prometheus's text format.
    ///   - limits: what is put up with.
    ///   - keys: who may ask; `nil` is anybody.
    ///   - encodingExecutor: where audio is encoded into formats that cost something.
    ///   - logger: gets a line per request.
    package init(
        synthesizer: any Synthesizer,
        pool: any PoolInspector,
        metricsText: @escaping @Sendable () -> String,
        limits: APILimits = APILimits(),
        keys: APIKeys? = nil,
        encodingExecutor: EncodingExecutor,
        logger: Logger
    ) {
        self.synthesizer = synthesizer
        self.pool = pool
        self.metricsText = metricsText
        self.limits = limits
        self.keys = keys
        voicePlaces = Places(limits.maxVoiceRequests)
        self.encodingExecutor = encodingExecutor
        self.logger = logger
    }

    /// The server as a service. When it is told to shut down it stops listening, ends idle connections, and lets
    /// requests finish that are being answered.
    /// - Parameters:
    ///   - host: an address or a name to listen at.
    ///   - port: 0 lets the system choose.
    ///   - eventLoopGroup: runs the connections.
    ///   - onListening: told once, with the port, when clients can connect.
    package func service(
        host: String,
        port: Int,
        eventLoopGroup: any EventLoopGroup,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws -> any Service {
        let (limits, connections) = (limits, connections)
        let server = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionHandler(limits: limits, connections: connections)],
                idleTimeout: TimeAmount(limits.idleTimeout)
            )
        )
        return try server.buildServer(
            configuration: ServerConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(limits.maxConnections, logger: logger)
            ),
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            responder: { request, writer, channel in
                try await respond(to: request, with: writer, on: channel)
            },
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? port)
            }
        )
    }

    /// Seconds since 1970.
    static var now: Int { Int(Date.now.timeIntervalSince1970) }
}
