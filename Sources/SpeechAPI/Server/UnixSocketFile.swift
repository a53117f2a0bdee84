import Glibc

/// The file of a Unix socket that we listen at.
package struct UnixSocketFile {
    /// No socket can be made at a path.
    package struct Failure: Error, CustomStringConvertible {
        /// Why, and what to do.
        package let description: String
    }

    private let path: String
    private let device: UInt64
    private let inode: UInt64

    /// The file that is there now; `nil` if there is none.
    init?(at path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return nil }
        self.path = path
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
    }

    /// Removes it, unless another has taken its place.
    func unlink() {
        guard let now = Self(at: path), now.device == device, now.inode == inode else { return }
        Glibc.unlink(path)
    }

    /// Connections that may wait to be accepted.
    private static let backlog: CInt = 128

    /// A listening socket that only we, and whoever runs as we do, can connect to, from its first moment. One that
    /// nobody answers at is replaced: a server that was killed has left it.
    static func makeSocket(at path: String) throws(Failure) -> CInt {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw Failure(at: path, error: errno) }
        do throws(Failure) {
            try removeLeftOver(at: path)
            // Linux makes the file with the mode that the socket has.
            fchmod(socket, 0o600)
            guard try withAddress(of: path, { bind(socket, $0, $1) }) == 0, listen(socket, backlog) == 0 else {
                throw Failure(at: path, error: errno)
            }
        } catch {
            close(socket)
            throw error
        }
        return socket
    }

    private static func removeLeftOver(at path: String) throws(Failure) {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw Failure(at: path, error: errno) }
        defer { close(probe) }
        let isAnswered = try withAddress(of: path) { connect(probe, $0, $1) } == 0
        // With a full backlog it would have to wait, so somebody is there.
        switch isAnswered ? EAGAIN : errno {
        case ECONNREFUSED: Glibc.unlink(path)
        case EAGAIN:
            throw Failure(
                description: "Another program answers at the Unix socket \(path). End it, or choose another path."
            )
        case let error: throw Failure(at: path, error: error)
        }
    }

    private static func withAddress(
        of path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(Failure) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(at: path, error: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

extension UnixSocketFile.Failure {
    fileprivate init(at path: String, error: CInt) {
        self.init(description: "No Unix socket can be made at \(path): \(String(cString: strerror(error))).")
    }
}
