import NIOCore

/// Cuts what a worker writes to its standard output and error into lines, and lets only so many of them through.
final class WorkerOutput: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// A line is cut here, in bytes. A log line may hold the stack of an exception.
    static let longestLine = 16 << 10
    /// Lines that pass at once.
    static let burst = 100.0
    /// Lines that pass in each second after that.
    static let linesPerSecond = 20.0

    private let deliver: @Sendable (String) -> Void
    private let ended: @Sendable () -> Void
    private var line: [UInt8] = []
    private var tokens = burst
    private var refilled = NIODeadline.now()
    private var suppressed = 0

    /// - Parameters:
    ///   - deliver: given each line that passes, on the event loop.
    ///   - ended: told there when nothing more will come.
    init(deliver: @escaping @Sendable (String) -> Void, ended: @escaping @Sendable () -> Void) {
        self.deliver = deliver
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for byte in unwrapInboundIn(data).readableBytesView {
            if byte == UInt8(ascii: "\n") {
                endLine()
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        endLine()
        ended()
        context.fireChannelInactive()
    }

    private func endLine() {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return }
        let now = NIODeadline.now()
        let seconds = Double((now - refilled).nanoseconds) / 1e9
        tokens = min(Self.burst, tokens + seconds * Self.linesPerSecond)
        refilled = now
        guard tokens >= 1 else {
            suppressed += 1
            return
        }
        tokens -= 1
        if suppressed > 0 {
            deliver("(\(suppressed) lines left out)")
            suppressed = 0
        }
        deliver(String(decoding: line, as: UTF8.self))
    }
}
