import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// A connection's setup, behind TLS if there is an identity for it. Each connection gets the certificate that is valid
/// when it is made.
struct SecuredChannel<Base: ServerChildChannel>: ServerChildChannel {
    private let base: Base
    private let identity: TLSIdentity?

    init(_ base: Base, identity: TLSIdentity?) {
        self.base = base
        self.identity = identity
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        guard let identity else { return base.setup(channel: channel, logger: logger) }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: identity.context))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
