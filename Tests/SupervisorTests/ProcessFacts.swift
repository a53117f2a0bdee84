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
    /// How much private memory it may have, in bytes; `nil` without a limit.
    let dataLimit: Int?
    /// In clock ticks since the machine's start.
    let startTime: Int?

    /// - Returns: `nil` when the process is gone.
    init?(of pid: pid_t) {
        guard let arguments = Self.text(at: "/proc/\(pid)/cmdline"), let stat = Self.text(at: "/proc/\(pid)/stat"),
            let environment = Self.text(at: "/proc/\(pid)/environ"),
            let limits = Self.text(at: "/proc/\(pid)/limits")
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
        let limit = limits.split(separator: "\n").first { $0.hasPrefix("Max data size") }
        dataLimit = limit?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
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
