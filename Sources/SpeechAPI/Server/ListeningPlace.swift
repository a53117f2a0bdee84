/// Where clients connect.
package enum ListeningPlace: Sendable, Equatable {
    /// A host's name or address, and a port; 0 lets the system choose.
    case address(host: String, port: Int)
    /// A Unix socket that only its owner can connect to. One at this path that nobody answers at is replaced.
    case unixSocket(path: String)
    /// A socket that somebody else has bound, such as systemd.
    case inherited(descriptor: CInt)
}
