import NIOCore
import Synchronization

/// The open connections by their channels, so that a request finds the connection that it came by. One entry per
/// connection: nothing piles up on one that lives for months.
final class Connections: Sendable {
    private let open = Mutex<[ObjectIdentifier: Connection]>([:])

    /// Adds the connection of a new channel.
    /// - Parameter isAdmin: whether who comes by it may change the pool.
    func add(_ channel: any Channel, isAdmin: Bool = false) -> Connection {
        let connection = Connection(isAdmin: isAdmin)
        open.withLock { $0[ObjectIdentifier(channel)] = connection }
        return connection
    }

    /// Forgets a closed channel.
    func remove(_ channel: any Channel) {
        _ = open.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// The connection of a channel; one that has ended when the channel is closed already.
    subscript(_ channel: any Channel) -> Connection {
        if let connection = open.withLock({ $0[ObjectIdentifier(channel)] }) { return connection }
        let gone = Connection()
        gone.close(.clientGone)
        return gone
    }
}
