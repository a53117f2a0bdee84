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
    /// Changes the pool.
    let administrator: any PoolAdministrator
    /// Reads the configuration again.
    let reload: @Sendable () async throws(ReloadError) -> ReloadReport
    /// What is put up with, and who may ask.
    let settings: APISettings
    /// Where audio is encoded that takes long.
    let encodingExecutor: EncodingExecutor
    /// Gets a line per request. It is passed on as a value: task-locals do not reach everywhere.
    let logger: Logger
    /// What is counted.
    let metrics = APIMetrics()
    /// Who is connected.
    let connections = Connections()
    /// For requests that make voices.
    let voicePlaces = Places()
    /// For the bytes of answers that are sent when they are finished.
    let fileRoom = Places()
    /// What models give as their age.
    let startedAt = Self.now

    /// - Parameters:
    ///   - synthesizer: speaks the utterances.
    ///   - pool: what `/v1/pool` and `/health/ready` show.
    ///   - metricsText: the page of `/metrics`, in Prometheus's text format.
    ///   - administrator: changes the pool.
    ///   - reload: reads the configuration again.
    ///   - settings: what is put up with, and who may ask.
    ///   - encodingExecutor: where audio is encoded into formats that cost something.
    ///   - logger: gets a line per request.
    package init(
        synthesizer: any Synthesizer,
        pool: any PoolInspector,
        metricsText: @escaping @Sendable () -> String,
        administrator: any PoolAdministrator,
        reload: @escaping @Sendable () async throws(ReloadError) -> ReloadReport,
        settings: APISettings = APISettings(),
        encodingExecutor: EncodingExecutor,
        logger: Logger
    ) {
        self.synthesizer = synthesizer
        self.pool = pool
        self.metricsText = metricsText
        self.administrator = administrator
        self.reload = reload
        self.settings = settings
        self.encodingExecutor = encodingExecutor
        self.logger = logger
    }

    var limits: APILimits { settings.limits }

    /// A listener as a service. When it is told to shut down it stops listening, ends idle connections, and lets
    /// requests finish that are being answered.
    /// - Parameters:
    ///   - place: where clients connect.
    ///   - identity: whose TLS it speaks; `nil` speaks none.
    ///   - isAdmin: whether who connects may change the pool.
    ///   - eventLoopGroup: runs the connections.
    ///   - onListening: told once, with the port if it has one, when clients can connect. At a socket that is inherited
    ///     they are answered when it returns.
    package func service(
        at place: ListeningPlace,
        identity: TLSIdentity? = nil,
        isAdmin: Bool = false,
        eventLoopGroup: any EventLoopGroup,
        onListening: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
    ) -> any Service {
        let (settings, connections) = (settings, connections)
        let child = HTTP1Channel(
            responder: { request, writer, channel in try await respond(to: request, with: writer, on: channel) },
            configuration: .init(
                additionalChannelHandlers: [
                    ConnectionHandler(limits: settings.limits, connections: connections, isAdmin: isAdmin)
                ],
                idleTimeout: TimeAmount(settings.limits.idleTimeout)
            )
        )
        return Listener(
            place: place,
            child: SecuredChannel(child, identity: identity),
            maxConnections: settings.limits.maxConnections,
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            onListening: onListening
        )
    }

    /// Seconds since 1970.
    static var now: Int { Int(Date.now.timeIntervalSince1970) }
}
