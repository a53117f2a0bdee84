import Glibc

/// Reads small files whole.
enum BoundedFile {
    /// Why a file could not be read, in words that begin with its name.
    struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        var description: String
    }

    /// The text of a file.
    static func text(at path: String, limitBytes: Int) throws(Failure) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }
        return try text(of: descriptor, name: path, limitBytes: limitBytes)
    }

    /// What is left to read from a descriptor, which stays open.
    /// - Parameter name: what to call it in an error.
    static func text(of descriptor: Int32, name: String, limitBytes: Int) throws(Failure) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw failure(name, errno) }
            if count == 0 { break }
            bytes += piece[..<count]
            guard bytes.count <= limitBytes else {
                throw Failure(description: "\(name) is larger than \(ByteSize.text(limitBytes))")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(description: "\(name) is not UTF-8 text")
        }
        return text
    }

    private static func failure(_ name: String, _ code: Int32) -> Failure {
        Failure(description: "\(name) cannot be read: \(String(cString: strerror(code)))")
    }
}
