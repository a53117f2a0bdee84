import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import SpeechCore
import Testing

@testable import SpeechAPI

@Suite("The watch over a connection")
struct ConnectionHandlerTests {
    private let connections = Connections()
    private let plug = Plug()
    private let channel: EmbeddedChannel

    init() throws {
        var limits = APILimits()
        limits.writeStall = .seconds(8)
        limits.requestTimeout = .seconds(60)
        limits.maxBodyBytes = 100
        limits.maxRecordingBytes = 1_000
        channel = EmbeddedChannel(handlers: [plug, ConnectionHandler(limits: limits, connections: connections)])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait()
    }

    private var isOpen: Bool {
        channel.embeddedEventLoop.run()
        return channel.isActive
    }

    private func advance(_ seconds: Int64) {
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    private func write(bytes: Int) {
        channel.writeAndFlush(HTTPResponsePart.body(ByteBuffer(repeating: 0, count: bytes)), promise: nil)
    }

    private func read(_ part: HTTPRequestPart) throws {
        try channel.writeInbound(part)
    }

    private static let head = HTTPRequestPart.head(
        HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")
    )

    @Test("A client that takes nothing for as long as the limit is cut off")
    func stall() {
        let connection = connections[channel]
        plug.isPlugged = true
        write(bytes: 10)
        advance(7)
        #expect(isOpen)
        advance(1)
        #expect(!isOpen)
        #expect(connection.end == .writeStalled)
    }

    @Test("A client that takes a little now and then is not")
    func slow() {
        for _ in 0..<10 {
            plug.isPlugged = true
            write(bytes: 10)
            advance(6)
            plug.isPlugged = false
            plug.letOneThrough()
            write(bytes: 0)
            #expect(isOpen)
        }
    }

    @Test("Silence of our own side is no stall")
    func silence() {
        write(bytes: 10)
        advance(1_000)
        #expect(isOpen)
    }

    @Test("A body that drips for too long ends the connection")
    func drip() throws {
        try read(Self.head)
        advance(59)
        try read(.body(ByteBuffer(string: "a")))
        #expect(isOpen)
        advance(2)
        try read(.body(ByteBuffer(string: "b")))
        #expect(!isOpen)
    }

    @Test("Each request has its own time and its own size")
    func requests() throws {
        for _ in 0..<3 {
            advance(50)
            try read(Self.head)
            try read(.body(ByteBuffer(repeating: 0, count: 200)))
            try read(.end(nil))
        }
        #expect(isOpen)
        try read(Self.head)
        try read(.body(ByteBuffer(repeating: 0, count: 201)))
        #expect(!isOpen)
    }

    @Test("A form for a new voice may be as big as recordings are, nothing else may")
    func recordings() throws {
        for (path, type, limit) in [
            ("/v1/audio/voices", "multipart/form-data; boundary=x", 2_000),
            ("/v1/audio/voices/?model=a", "Multipart/Form-Data", 2_000), ("/v1/audio/voices", "application/json", 200),
            ("/v1/audio/speech", "multipart/form-data; boundary=x", 200),
        ] {
            let tests = try ConnectionHandlerTests()
            let fields: HTTPFields = [.contentType: type]
            let head = HTTPRequest(method: .post, scheme: "http", authority: "a", path: path, headerFields: fields)
            try tests.read(.head(head))
            try tests.read(.body(ByteBuffer(repeating: 0, count: limit)))
            #expect(tests.isOpen)
            try tests.read(.body(ByteBuffer(repeating: 0, count: 1)))
            #expect(!tests.isOpen)
        }
    }

    @Test("Its end is known to the requests on it, and nothing stays behind")
    func end() throws {
        let connection = connections[channel]
        #expect(connection.end == nil)
        let stream = FakeStream()
        connection.whenOver { stream.cancel() }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(stream.cancelled.hasFired)
        #expect(connection.end == .clientGone)
        #expect(!isOpen)
        // A request that finds its connection gone gets one that has ended.
        let late = FakeStream()
        connections[channel].whenOver { late.cancel() }
        #expect(late.cancelled.hasFired)
    }
}

/// Stands for a socket whose buffer is full while it is plugged.
private final class Plug: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = ByteBuffer

    var isPlugged = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .body(let bytes) = unwrapOutboundIn(data) else { return }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        if !isPlugged { context.flush() }
    }

    func letOneThrough() {
        context?.flush()
    }
}
