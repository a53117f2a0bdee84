import FoundationEssentials
import Glibc

/// A private directory for the workers' sockets, and what else is only for us and them.
final class SocketDirectory: Sendable {
    let path: String

    /// - Parameter parent: where it is made, with a path short enough for a Unix socket's address.
    init(in parent: String) throws(SystemError) {
        var template = Array("\(parent)/chorus-XXXXXX".utf8CString)
        // mkdtemp makes it with mode 0700.
        guard mkdtemp(&template) != nil else {
            throw SystemError("make a directory in \(parent) for the workers' sockets")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func socketPath(instance: Int, incarnation: Int) -> String { "\(path)/\(instance)-\(incarnation).sock" }

    /// Removes it with all that is in it.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    deinit {
        remove()
    }
}
