import Glibc

/// A listening Unix socket.
struct UnixListener {
    /// Becomes readable when a client connects.
    let descriptor: Int32
    private let path: String

    /// Clients that may wait to be accepted.
    private static let backlog: Int32 = 64

    /// Listens at `path`. A socket file that nobody listens on any more is replaced.
    init(path: String) throws(WorkerError) {
        self.path = path
        self.descriptor = try Self.makeSocket()
        if try !Self.bind(descriptor, to: path) {
            guard try !Self.isServed(path) else {
                throw WorkerError("another process listens on \(path) already")
            }
            unlink(path)
            guard try Self.bind(descriptor, to: path) else { throw .system("listen on \(path)") }
        }
        guard listen(descriptor, Self.backlog) == 0 else { throw .system("listen on \(path)") }
    }

    /// The next client's socket, or `nil` when it has left already.
    func accept() throws(WorkerError) -> Int32? {
        let client = Glibc.accept(descriptor, nil, nil)
        if client >= 0 { return client }
        guard [EAGAIN, EINTR, ECONNABORTED].contains(errno) else { throw .system("accept a client") }
        return nil
    }

    /// Stops listening and removes the socket file.
    func close() {
        unlink(path)
        Glibc.close(descriptor)
    }

    private static func makeSocket() throws(WorkerError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .system("make a socket") }
        return descriptor
    }

    /// - Returns: `false` when there is a file at `path` already.
    private static func bind(_ descriptor: Int32, to path: String) throws(WorkerError) -> Bool {
        if try withAddress(of: path, { Glibc.bind(descriptor, $0, $1) }) == 0 { return true }
        guard errno == EADDRINUSE else { throw .system("listen on \(path)") }
        return false
    }

    private static func isServed(_ path: String) throws(WorkerError) -> Bool {
        let probe = try makeSocket()
        defer { Glibc.close(probe) }
        return try withAddress(of: path) { connect(probe, $0, $1) } == 0 || errno != ECONNREFUSED
    }

    private static func withAddress(
        of path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(WorkerError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= limit else {
            throw WorkerError("the socket's path is longer than the \(limit) bytes that the system allows: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
