import Glibc

/// Finds programs in a list of directories.
struct ProgramSearch: Sendable {
    /// Where to look, in this order.
    var directories: [String]

    /// The directories of `PATH`.
    static func onPath(_ environment: [String: String]) -> ProgramSearch {
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return ProgramSearch(directories: path.split(separator: ":").map(String.init))
    }

    /// The directory of the running program, then those of `PATH`: what comes with Chorus is found first.
    static func besideChorus(_ environment: [String: String]) -> ProgramSearch {
        var search = onPath(environment)
        if let executable = realpath("/proc/self/exe", nil) {
            defer { free(executable) }
            let path = String(cString: executable)
            search.directories.insert(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), at: 0)
        }
        return search
    }

    /// The path of an executable, or `nil` if it is nowhere. A name with a slash is a path already.
    func path(of program: String) -> String? {
        if program.contains("/") { return Self.isExecutable(program) ? program : nil }
        return directories.map { "\($0)/\(program)" }.first(where: Self.isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
