import Glibc
import NIOCore
import Wyoming

/// A client's socket, with what has arrived in part and what is still to be sent. No call waits for the client.
struct Connection {
    /// Bytes to be sent from which on the client is given no more and is not listened to, until it has read some.
    static let outgoingLimitBytes = 256 * 1024

    private static let readBytes = 64 * 1024

    /// Also the connection's name among the others.
    let descriptor: Int32

    private var decoder = WyomingDecoder<WyomingClientEvent>()
    private var outgoing = ByteBuffer()

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Whether it may be given more to send.
    var hasRoom: Bool { outgoing.readableBytes < Self.outgoingLimitBytes }

    /// What to wait for.
    var interest: Int16 {
        Int16((hasRoom ? POLLIN : 0) | (outgoing.readableBytes > 0 ? POLLOUT : 0))
    }

    /// Reads what has arrived.
    /// - Returns: `false` when the client has left.
    mutating func receive() -> Bool {
        var bytes = ByteBuffer()
        var result = -1
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.readBytes) { [descriptor] in
            result = recv(descriptor, $0.baseAddress, Self.readBytes, Int32(MSG_DONTWAIT))
            return max(0, result)
        }
        decoder.append(bytes)
        return result > 0 || (result < 0 && Self.mustWait)
    }

    /// The next event that has arrived completely.
    /// - Throws: the client speaks something else; it cannot be understood from here on.
    mutating func nextEvent() throws(WyomingError) -> WyomingClientEvent? {
        try decoder.next()
    }

    /// Sends an event, or keeps what the client does not take now.
    mutating func send(_ event: WyomingServiceEvent) {
        event.encode(into: &outgoing)
        _ = flush()
    }

    /// Sends what the client takes now.
    /// - Returns: `false` when the client has left.
    mutating func flush() -> Bool {
        while outgoing.readableBytes > 0 {
            let sent = outgoing.readWithUnsafeReadableBytes { [descriptor] in
                max(0, Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)))
            }
            if sent == 0 {
                outgoing.discardReadBytes()
                return Self.mustWait
            }
        }
        outgoing.clear()
        return true
    }

    /// Hangs up.
    func close() {
        Glibc.close(descriptor)
    }

    private static var mustWait: Bool { errno == EAGAIN || errno == EINTR }
}
