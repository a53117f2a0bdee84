import Glibc

/// What `/proc` tells of a process.
struct ProcessFacts {
    let arguments: [String]
    /// As it was when its program began.
    let environment: [String: String]
    let parent: pid_t?
    let session: pid_t?
    /// Whether it runs: a zombie does not.
    let isAlive: Bool
    /// Its user: real, effective, saved, and for files.
    let users: [uid_t]
    /// Its first group, in the same four ways.
    let firstGroups: [gid_t]
    /// All groups that it is in besides.
    let groups: [gid_t]
    /// Whether programs that give rights give it none.
    let hasNoNewPrivileges: Bool
    /// The largest core file that it may leave, in bytes; `nil` without a limit.
    let coreLimit: Int?
    /// How much private memory it may have, in bytes; `nil` without a limit.
    let dataLimit: Int?
    /// In clock ticks since the machine's start.
    let startTime: Int?

    /// - Returns: `nil` when the process is gone.
    init?(of pid: pid_t) {
        guard let arguments = Self.text(at: "/proc/\(pid)/cmdline"), let stat = Self.text(at: "/proc/\(pid)/stat"),
            let environment = Self.text(at: "/proc/\(pid)/environ"),
            let limits = Self.text(at: "/proc/\(pid)/limits"), let status = Self.text(at: "/proc/\(pid)/status")
        else { return nil }
        self.arguments = arguments.split(separator: "\0").map { String($0) }
        self.environment = environment.split(separator: "\0").reduce(into: [:]) { environment, entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            environment[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        // "PID (NAME) STATE PARENT …", and a name may have anything in it.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        parent = fields.count > 2 ? pid_t(fields[2]) : nil
        session = fields.count > 4 ? pid_t(fields[4]) : nil
        isAlive = fields.count > 1 && fields[1] != "Z" && fields[1] != "X"
        func limit(_ name: String) -> Int? {
            let line = limits.split(separator: "\n").first { $0.hasPrefix(name) }
            return line?.dropFirst(name.count).split(separator: " ").first.flatMap { Int($0) }
        }
        dataLimit = limit("Max data size")
        coreLimit = limit("Max core file size")
        func numbers(_ name: String) -> [UInt32] {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
            return (line?.dropFirst(name.count) ?? "").split { $0.isWhitespace }.compactMap { UInt32($0) }
        }
        users = numbers("Uid:")
        firstGroups = numbers("Gid:")
        groups = numbers("Groups:")
        hasNoNewPrivileges = numbers("NoNewPrivs:") == [1]
        startTime = fields.count > 20 ? Int(fields[20]) : nil
    }

    /// The living processes that a process has started and not lost.
    static func children(of parent: pid_t) -> [pid_t] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var children: [pid_t] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = pid_t(name), let facts = ProcessFacts(of: pid), facts.parent == parent, facts.isAlive else {
                continue
            }
            children.append(pid)
        }
        return children
    }

    private static func text(at path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
