import NIOCore
import NIOPosix

/// A client that does what well-behaved ones do not: it can stop reading, leave, or close one side.
final class HTTPConnection {
    enum Failure: Error {
        case closed
    }

    private let channel: any Channel
    private let arrived: Signal
    private let closed: Signal
    private var received: AsyncStream<ByteBuffer>.Iterator
    private var parser = HTTPReplyParser()

    private init(_ channel: any Channel, _ handler: Handler, _ received: AsyncStream<ByteBuffer>) {
        self.channel = channel
        arrived = handler.arrived
        closed = handler.closed
        self.received = received.makeAsyncIterator()
    }

    /// - Parameter reads: `false` takes nothing until `startReading`, with as small a receive buffer as the system gives.
    static func open(port: Int, reads: Bool = true) async throws -> HTTPConnection {
        let (received, bytes) = AsyncStream.makeStream(of: ByteBuffer.self)
        let handler = Handler(bytes)
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(handler) }
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if !reads { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 4_096) }
        return HTTPConnection(try await bootstrap.connect(host: "127.0.0.1", port: port).get(), handler, received)
    }

    /// A connection to a Unix socket.
    static func open(path: String) async throws -> HTTPConnection {
        let (received, bytes) = AsyncStream.makeStream(of: ByteBuffer.self)
        let handler = Handler(bytes)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(handler) }
            .connect(unixDomainSocketPath: path).get()
        return HTTPConnection(channel, handler, received)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// - Parameters:
    ///   - body: sent with its length.
    ///   - fields: more header lines, each with its line end.
    func send(_ method: String, _ path: String, body: String? = nil, fields: String = "") async throws {
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        try await send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\(length)\r\n\(body ?? "")")
    }

    /// The next response; incomplete when the connection closed before its end.
    func reply(hasBody: Bool = true) async throws -> HTTPReply {
        while true {
            if let reply = parser.next(hasBody: hasBody, isClosed: false) { return reply }
            guard let bytes = await received.next(isolation: #isolation) else {
                guard let reply = parser.next(hasBody: hasBody, isClosed: true) else { throw Failure.closed }
                return reply
            }
            parser.append(bytes.readableBytesView)
        }
    }

    /// Waits until something has arrived.
    func waitForBytes() async {
        await arrived.wait()
    }

    /// Waits until the server has closed the connection.
    func waitForClose() async {
        await closed.wait()
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

/// Passes on what arrives.
private final class Handler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    let arrived = Signal()
    let closed = Signal()
    private let bytes: AsyncStream<ByteBuffer>.Continuation

    init(_ bytes: AsyncStream<ByteBuffer>.Continuation) {
        self.bytes = bytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.yield(unwrapInboundIn(data))
        arrived.fire()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        bytes.finish()
        closed.fire()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
