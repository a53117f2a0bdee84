import Glibc
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// Accepts connections on one socket, and has the requests on them answered.
///
/// Hummingbird's own server knows no socket that is bound already, and no other certificate than its first.
struct Listener<Child: ServerChildChannel>: Service {
    let place: ListeningPlace
    let child: Child
    let maxConnections: Int
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger
    let onListening: @Sendable (_ port: Int?) async -> Void

    /// Connections that the kernel keeps until they are accepted.
    private static var backlog: Int32 { 256 }

    func run() async throws {
        let quiescing = ServerQuiescingHelper(group: eventLoopGroup)
        let listening = try await listen(quiescing)
        let file = unixSocketFile
        defer { file?.unlink() }
        await withGracefulShutdownHandler {
            let port = listening.channel.localAddress?.port
            // Who connects to a socket that outlives servers may wait there until this one can serve him.
            if case .inherited = place { await onListening(port) }
            await withDiscardingTaskGroup { connections in
                if case .inherited = place {} else { connections.addTask { await onListening(port) } }
                do {
                    try await listening.executeThenClose { accepted in
                        for try await connection in accepted {
                            connections.addTask { await child.handle(value: connection, logger: logger) }
                        }
                    }
                } catch is CancellationError {
                    // Another part of the server could not go on, and that one says why.
                } catch {
                    logger.error("No more connections are accepted.", metadata: ["error.reason": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            shutDown(listening.channel, quiescing)
        }
    }

    /// No more connections, and those that have nothing to do are closed. Who has come by a socket that the next server
    /// goes on with gets a moment to say what he wants.
    private func shutDown(_ channel: any Channel, _ quiescing: ServerQuiescingHelper) {
        guard case .inherited = place else { return quiescing.initiateShutdown(promise: nil) }
        channel.setOption(.autoRead, value: false).whenComplete { _ in
            channel.eventLoop.scheduleTask(in: Self.grace) { quiescing.initiateShutdown(promise: nil) }
        }
    }

    /// How long who has just connected has for his first request when the server ends.
    private static var grace: TimeAmount { .seconds(1) }

    /// The file of our socket, if it has one.
    private var unixSocketFile: UnixSocketFile? {
        if case .unixSocket(let path) = place { UnixSocketFile(at: path) } else { nil }
    }

    private func listen(_ quiescing: ServerQuiescingHelper) async throws -> NIOAsyncChannel<Child.Value, Never> {
        let (child, logger, maxConnections) = (child, logger, maxConnections)
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let limit = MaximumAvailableConnections(maxConnections, logger: logger)
                    try pipeline.addHandler(AvailableConnectionsChannelHandler(delegate: limit))
                    try pipeline.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
        switch place {
        case .address(let host, let port):
            return try await bootstrap.bind(host: host, port: port) { child.setup(channel: $0, logger: logger) }
        case .unixSocket(let path):
            let socket = try UnixSocketFile.makeSocket(at: path)
            return try await bootstrap.bind(socket) { child.setup(channel: $0, logger: logger) }
        case .inherited(let descriptor):
            return try await bootstrap.bind(descriptor) { child.setup(channel: $0, logger: logger) }
        }
    }
}
