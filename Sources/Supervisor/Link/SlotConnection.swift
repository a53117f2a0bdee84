import NIOCore
import PoolCore
import Wyoming

/// A slot's connection: turns bytes into events and hands them to the supervisor, on its event loop.
final class SlotConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: @Sendable (WyomingServiceEvent) -> Void
    private let broke: @Sendable (_ reason: String) -> Void
    private let ended: @Sendable () -> Void
    private var decoder = WyomingDecoder<WyomingServiceEvent>()

    init(supervisor: Supervisor, slot: SlotID, link: Int) {
        heard = { event in supervisor.assumeIsolated { $0.heard(event, on: slot, link: link) } }
        ended = { supervisor.assumeIsolated { $0.linkEnded(slot, link: link) } }
        broke = { reason in supervisor.assumeIsolated { $0.linkBroke(slot, link: link, because: reason) } }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.append(unwrapInboundIn(data))
        do throws(WyomingError) {
            while let event = try decoder.next() {
                heard(event)
            }
        } catch {
            broke(error.description)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // `channelInactive` follows.
        context.close(promise: nil)
    }
}
