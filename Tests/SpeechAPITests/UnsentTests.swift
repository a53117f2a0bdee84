import NIOCore
import NIOHTTPTypes
import NIOPosix
import Testing

@testable import SpeechAPI

@Suite("What the kernel holds of a response", .timeLimit(.minutes(1)))
struct UnsentTests {
    /// A server whose connections are watched as those of the API are.
    private func accept(_ body: (_ client: HTTPConnection, _ server: any Channel) async throws -> Void) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let accepted = loop.makePromise(of: (any Channel).self)
        let listener = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let watch = ConnectionHandler(limits: APILimits(), connections: Connections())
                    try channel.pipeline.syncOperations.addHandlers(BodyEncoder(), watch)
                    accepted.succeed(channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let client = try await HTTPConnection.open(port: port, reads: false)
        try await body(client, try await accepted.futureResult.get())
        try await client.close()
        try await listener.close()
    }

    @Test("Of what a client does not read the kernel takes little more than the limit")
    func stalled() async throws {
        try await accept { _, server in
            let bytes = 16 << 20
            let waiting = try await server.eventLoop.submit {
                server.writeAndFlush(HTTPResponsePart.body(ByteBuffer(repeating: 0, count: bytes)), promise: nil)
            }.flatMap {
                // Flushed bytes go out at the end of the loop's turn.
                server.eventLoop.submit { try server.syncOptions?.getOption(.bufferedWritableBytes) ?? 0 }
            }.get()
            // The limit, the piece that goes beyond it (64 KiB at the most), and what the client's own buffer takes.
            #expect(bytes - waiting <= APILimits().unsentBytes + 128 << 10)
            #expect(bytes - waiting > 0)
        }
    }

    @Test("The size of the send buffer is left to the kernel, so that a fast client need not wait for acknowledgements")
    func sendBuffer() async throws {
        try await accept { _, server in
            #expect(try await server.getOption(.tcpUnsentLimit).get() == SocketOptionValue(APILimits().unsentBytes))
            let plain = try await ClientBootstrap(group: server.eventLoop)
                .connect(to: try #require(server.localAddress)).get()
            let untouched = try await plain.getOption(.socketOption(.so_sndbuf)).get()
            #expect(try await server.getOption(.socketOption(.so_sndbuf)).get() >= untouched)
            try await plain.close()
        }
    }
}

/// Stands for the codec: bodies become bytes.
private final class BodyEncoder: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .body(let bytes) = unwrapOutboundIn(data) else { return }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }
}
