import NIOCore
import NIOPosix
import Synchronization

/// A client that does what well-behaved ones do not: it can stop reading, leave, or close one side.
struct HTTPConnection {
    private let channel: any Channel
    private let inbox: Inbox

    /// - Parameter reads: `false` takes nothing until `startReading`, with as small a receive buffer as the system gives.
    static func open(port: Int, reads: Bool = true) async throws -> HTTPConnection {
        let inbox = Inbox()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                }
            }
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if !reads { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 4_096) }
        return HTTPConnection(channel: try await bootstrap.connect(host: "127.0.0.1", port: port).get(), inbox: inbox)
    }

    /// Waits until the server has closed the connection.
    func waitForClose() async {
        await inbox.closed.wait()
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// - Parameters:
    ///   - body: sent with its length.
    ///   - fields: more header lines, each with its line end.
    func send(_ method: String, _ path: String, body: String? = nil, fields: String = "") async throws {
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        try await send("\(method) \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\(length)\r\n\(body ?? "")")
    }

    /// The next response; incomplete when the connection closed before its end.
    func reply(hasBody: Bool = true) async throws -> HTTPReply {
        try await inbox.reply(hasBody: hasBody)
    }

    /// Waits until something has arrived that has not been taken as a response.
    func waitForBytes() async {
        await inbox.arrived.wait()
    }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    func closeSendingSide() async throws {
        try await channel.close(mode: .output)
    }

    func close() async throws {
        try await channel.close()
    }
}

/// Where a connection's bytes arrive.
private final class Inbox: Sendable {
    enum Failure: Error {
        case closed
    }

    private struct State {
        var parser = HTTPReplyParser()
        var isClosed = false
        /// Counts what happened, so that a reader notices what happened between its look and its wait.
        var changes = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    let arrived = Signal()
    let closed = Signal()
    private let state = Mutex(State())

    func append(_ bytes: ByteBuffer) {
        wake { $0.parser.append(bytes.readableBytesView) }
        arrived.fire()
    }

    func close() {
        wake { $0.isClosed = true }
        closed.fire()
    }

    func reply(hasBody: Bool) async throws -> HTTPReply {
        while true {
            let (reply, isClosed, changes) = state.withLock { state in
                (state.parser.next(hasBody: hasBody, isClosed: state.isClosed), state.isClosed, state.changes)
            }
            if let reply { return reply }
            if isClosed { throw Failure.closed }
            await withCheckedContinuation { continuation in
                let isStale = state.withLock { state in
                    guard state.changes == changes else { return true }
                    state.waiting = continuation
                    return false
                }
                if isStale { continuation.resume() }
            }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            state.changes += 1
            return state.waiting.take()
        }
        waiting?.resume()
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            inbox.close()
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.close()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
