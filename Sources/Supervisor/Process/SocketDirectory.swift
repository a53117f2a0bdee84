import FoundationEssentials
import Glibc
import Synchronization

/// The directory of the workers' sockets, and of what else is only for us and them.
///
/// Anybody may pass through it, and nobody but us sees what is in it. The sockets are in directories of their own, one
/// for each user that workers run as, in which nobody but that user (and root) comes.
final class SocketDirectory: Sendable {
    let path: String
    /// Those who have a directory in it, other than ourselves.
    private let guests = Mutex<Set<UserAccount>>([])

    /// - Parameter parent: where it is made, with a path short enough for a Unix socket's address.
    init(in parent: String) throws(SystemError) {
        var template = Array("\(parent)/chorus-XXXXXX".utf8CString)
        // mkdtemp makes it with mode 0700.
        guard mkdtemp(&template) != nil else {
            throw SystemError("make a directory in \(parent) for the workers' sockets")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mkdir(directory(of: nil), 0o700) == 0, chmod(path, 0o711) == 0 else {
            throw SystemError("make a directory in \(path) for the workers' sockets")
        }
    }

    /// Where a process is to listen.
    /// - Parameter user: whose rights it has, if they are not ours.
    func socketPath(instance: Int, incarnation: Int, user: UserAccount?) -> String {
        let directory = directory(of: user)
        if let user, guests.withLock({ $0.insert(user).inserted }) {
            // If it cannot be made the worker says that it cannot listen there.
            if mkdir(directory, 0o700) == 0 { chown(directory, user.uid, user.gid) }
        }
        return "\(directory)/\(instance)-\(incarnation).sock"
    }

    /// Removes it with all that is in it.
    func remove() {
        let areEmpty = guests.withLock(\.self).map(clear)
        if areEmpty.allSatisfy(\.self) { try? FileManager.default.removeItem(atPath: path) }
    }

    deinit {
        remove()
    }

    private func directory(of user: UserAccount?) -> String { "\(path)/\(user?.uid ?? geteuid())" }

    /// Removes the files of a guest, and nothing below: he might put something else in its place meanwhile.
    /// - Returns: whether that was all.
    private func clear(_ guest: UserAccount) -> Bool {
        let directory = directory(of: guest)
        chown(directory, geteuid(), getegid())
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            unlink("\(directory)/\(name)")
        }
        return rmdir(directory) == 0 || errno == ENOENT
    }
}
