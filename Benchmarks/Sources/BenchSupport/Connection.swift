import Glibc

/// A blocking stream socket with a read buffer. Belongs to one thread.
package final class Connection {
    /// The socket, for those who read past the buffer.
    package let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: Connection.pieceBytes)
    /// The part of the buffer that has arrived and was not read yet.
    private var unread = 0..<0

    private static let pieceBytes = 65_536

    /// Connects to a port of this machine.
    /// - Parameter receiveBufferBytes: what the kernel may hold for us; `nil` leaves it to the kernel.
    package init(port: UInt16, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        setOption(IPPROTO_TCP, TCP_NODELAY, 1)
        if let receiveBufferBytes { setOption(Int(SOL_SOCKET), SO_RCVBUF, receiveBufferBytes) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try connect(to: &address, "127.0.0.1:\(port)")
    }

    /// Connects to a Unix socket.
    package init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        try connect(to: &address, path)
    }

    deinit { close(descriptor) }

    /// Sends all of it.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("the peer took no more: \(systemError())") }
            sent += count
        }
    }

    /// The next line, without its end.
    package func readLine() throws -> String {
        var searched = 0
        while true {
            if let end = buffer[unread.dropFirst(searched)].firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[unread.lowerBound..<end]
                unread = end + 1..<unread.upperBound
                return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            }
            searched = unread.count
            try fill()
        }
    }

    /// The next bytes, exactly as many as asked for.
    package func read(_ count: Int) throws -> ArraySlice<UInt8> {
        while unread.count < count { try fill() }
        defer { unread = unread.dropFirst(count) }
        return buffer[unread.prefix(count)]
    }

    /// Gets more, after what is unread.
    private func fill() throws {
        if unread.isEmpty { unread = 0..<0 }
        if unread.upperBound == buffer.count {
            buffer.removeFirst(unread.lowerBound)
            unread = 0..<unread.count
            buffer.append(contentsOf: repeatElement(0, count: Self.pieceBytes))
        }
        let count = buffer[unread.upperBound...].withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count > 0 else { throw BenchError("the peer hung up: \(systemError())") }
        unread = unread.lowerBound..<unread.upperBound + count
    }

    private func setOption(_ level: Int, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, Int32(level), name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private func connect<Address>(to address: inout Address, _ name: String) throws {
        let size = socklen_t(MemoryLayout<Address>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard result == 0 else { throw BenchError("cannot connect to \(name): \(systemError())") }
    }
}

/// What the last failed call of the C library said.
package func systemError() -> String {
    String(cString: strerror(errno))
}
