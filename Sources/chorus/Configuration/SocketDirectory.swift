import Glibc

/// Chooses where the private directory of the workers' sockets is made.
enum SocketDirectory {
    /// Bytes that the path of a Unix socket may have.
    static let pathLimitBytes = 107

    /// Bytes that come after the parent at the most: `/chorus-XXXXXX/`, and the numbers of an instance and its process.
    static let reserveBytes = 64

    /// Where the directory may be made, the best first: systemd's place, the user's, everybody's.
    static func candidates(_ environment: [String: String]) -> [String] {
        [environment["RUNTIME_DIRECTORY"], environment["XDG_RUNTIME_DIR"], "/tmp"].compactMap(\.self).filter {
            !$0.isEmpty
        }
    }

    /// The first candidate in which it can be made; `nil` if there is none.
    /// - Parameter isForOthers: whether processes of other users have to come through.
    static func parent(_ environment: [String: String], isForOthers: Bool = false) -> String? {
        candidates(environment).first { path in
            path.utf8.count <= pathLimitBytes - reserveBytes && access(path, W_OK | X_OK) == 0
                && (!isForOthers || isPassable(path))
        }
    }

    /// Whether anybody may pass through a directory and all that it is in.
    private static func isPassable(_ path: String) -> Bool {
        let ends = path.indices.filter { path[$0] == "/" && $0 > path.startIndex } + [path.endIndex]
        return ends.allSatisfy { end in
            var facts = stat()
            return stat(String(path[..<end]), &facts) == 0 && facts.st_mode & S_IXOTH != 0
        }
    }
}
