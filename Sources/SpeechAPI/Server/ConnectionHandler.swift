import Glibc
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Watches one connection for what Hummingbird leaves to us: a client that has left, one that takes nothing of its
/// response, and a request that never ends. It lives in the channel's pipeline, on its event loop, between the HTTP
/// codec and Hummingbird.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: APILimits
    private let connections: Connections
    private let isAdmin: Bool
    private var connection: Connection?

    /// The request that arrives: how big its body may be, when it began, and how much of its body is here.
    private var maxBodyBytes = 0
    private var requestStarted = NIODeadline.uptimeNanoseconds(0)
    private var requestBytes = 0

    /// A head has been written, and goes out with what follows it: one packet instead of two. Something always follows
    /// at once, for heads are written when the first audio is there.
    private var holdsHead = false
    /// A flush waits until all parts that are ready have been written. So a short response is one packet.
    private var flushIsDue = false
    /// Body bytes handed down so far.
    private var writtenBytes = 0
    /// How many of them the kernel had accepted at the last look, and when that number last grew.
    private var acceptedBytes = 0
    private var lastAccepted = NIODeadline.uptimeNanoseconds(0)
    private var stallCheck: Scheduled<Void>?

    /// - Parameters:
    ///   - connections: where requests will look for the connection.
    ///   - isAdmin: whether who comes by it may change the pool.
    init(limits: APILimits, connections: Connections, isAdmin: Bool = false) {
        self.limits = limits
        self.connections = connections
        self.isAdmin = isAdmin
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection = connections.add(context.channel, isAdmin: isAdmin)
        // Without a limit the kernel takes 4 MB, more than a minute of audio that nobody may want any more. The send
        // buffer itself is left to the kernel, which fits it to the network: it also holds what is not acknowledged
        // yet. A Unix socket has no such option, and a small buffer of its own.
        try? context.channel.syncOptions?.setOption(.tcpUnsentLimit, value: SocketOptionValue(limits.unsentBytes))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        flushIsDue = false
        ended(.clientGone, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(.clientGone, context)
        context.fireChannelInactive()
    }

    /// A client that closes its side has left. One that wants to go on reading cannot be told from it until we write,
    /// and while a request waits in the queue we do not.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            ended(.clientGone, context)
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func ended(_ reason: Connection.End, _ context: ChannelHandlerContext) {
        stallCheck?.cancel()
        stallCheck = nil
        connections.remove(context.channel)
        connection?.close(reason)
    }

    // MARK: Requests that never end

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            maxBodyBytes = limits.bodyBytes(of: head)
            requestStarted = context.eventLoop.now
            requestBytes = 0
        case .body(let bytes):
            requestBytes += bytes.readableBytes
            // A body that is too big is refused at once, but read on for a while: a client that is cut off while it
            // sends may never see the answer.
            guard
                requestBytes <= 2 * maxBodyBytes,
                context.eventLoop.now - requestStarted <= TimeAmount(limits.requestTimeout)
            else {
                context.close(promise: nil)
                return
            }
        case .end: break
        }
        context.fireChannelRead(data)
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            holdsHead = head.status.kind != .informational
        case .body(let bytes):
            holdsHead = false
            writtenBytes += bytes.readableBytes
        case .end:
            holdsHead = false
        }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        guard !holdsHead, !flushIsDue else { return }
        flushIsDue = true
        context.eventLoop.assumeIsolated().execute { self.flushIfDue(context) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        flushIfDue(context)
        context.close(mode: mode, promise: promise)
    }

    private func flushIfDue(_ context: ChannelHandlerContext) {
        guard flushIsDue else { return }
        flushIsDue = false
        context.flush()
        guard stallCheck == nil, let waiting = waitingBytes(context), waiting > 0 else { return }
        acceptedBytes = writtenBytes - waiting
        lastAccepted = context.eventLoop.now
        scheduleStallCheck(context)
    }

    /// Looks four times within the limit, so that a client is cut off at most a quarter of it late.
    private func scheduleStallCheck(_ context: ChannelHandlerContext) {
        stallCheck = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.writeStall / 4)) {
            self.checkForStall(context)
        }
    }

    private func checkForStall(_ context: ChannelHandlerContext) {
        stallCheck = nil
        guard let waiting = waitingBytes(context), waiting > 0 else { return }
        // Framing makes the two sums drift apart by some bytes per chunk, hence a comparison with the last look only.
        let accepted = writtenBytes - waiting
        if accepted > acceptedBytes { lastAccepted = context.eventLoop.now }
        acceptedBytes = accepted
        if context.eventLoop.now - lastAccepted >= TimeAmount(limits.writeStall) {
            ended(.writeStalled, context)
            context.close(promise: nil)
        } else {
            scheduleStallCheck(context)
        }
    }

    /// What the kernel has not accepted yet; `nil` when the channel is closed.
    private func waitingBytes(_ context: ChannelHandlerContext) -> Int? {
        try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    }
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// How many bytes a TCP socket takes beyond those that it has sent; then it is not writable.
    static var tcpUnsentLimit: Self { .tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)) }
}
