import Glibc
import Synchronization

/// Control groups of the workers' own, where the kernel and whoever started us allow it (version 2, and a group that
/// was delegated to us, as systemd does with `Delegate=yes`). A wall of this kind also holds what a worker's children
/// have, and page tables; and who runs into it is killed alone.
///
/// It reads and writes the kernel's files, so call it from a thread that may wait. Calls may come from several threads.
final class WorkerGroups: Sendable {
    /// Writes a text to a file; returns 0 or an errno.
    typealias Write = @Sendable (_ text: String, _ path: String) -> CInt

    private struct State {
        /// The groups of living workers.
        var living: Set<String> = []
        /// The walls of those that have one, in bytes.
        var walls: [String: Int] = [:]
        /// Groups that could not be removed yet.
        var leftovers: Set<String> = []
    }

    /// The group in which we were started, and in which the workers' groups are made.
    let directory: String
    private let write: Write
    private let state = Mutex(State())

    /// A group that hands memory on to groups in it may not hold processes itself, so we move into this one.
    private static let ownLeaf = "chorus"

    /// Gets our own group ready to have others in it.
    /// - Parameters:
    ///   - root: where `/proc` and `/sys` are.
    ///   - write: how the kernel is told something.
    /// - Throws: when we may not have groups, and why. Nothing has changed then.
    init(root: String, write: @escaping Write = WorkerGroups.writeFile) throws(SystemError) {
        self.write = write
        let root = root.hasSuffix("/") ? String(root.dropLast()) : root
        let mount = "\(root)/sys/fs/cgroup"
        // Another line is of version 1; a group outside of our namespace is none that we can see.
        let lines = Self.text(at: "\(root)/proc/self/cgroup")?.split(separator: "\n") ?? []
        guard let group = lines.first(where: { $0.hasPrefix("0::/") })?.dropFirst(3), !group.contains("/.."),
            access("\(mount)/cgroup.controllers", F_OK) == 0
        else { throw SystemError("find our control group", number: ENOENT) }
        directory = group == "/" ? mount : mount + group
        guard access(directory, W_OK) == 0 else { throw SystemError("make control groups in \(directory)") }
        guard Self.words(in: "\(directory)/cgroup.controllers").contains("memory") else {
            throw SystemError("limit memory in \(directory)", number: EOPNOTSUPP)
        }
        if !Self.words(in: "\(directory)/cgroup.subtree_control").contains("memory") { try handMemoryOn() }
    }

    private func handMemoryOn() throws(SystemError) {
        let own = String(getpid())
        guard Self.words(in: "\(directory)/cgroup.procs") == [Substring(own)] else {
            throw SystemError("have \(directory) for ourselves", number: EBUSY)
        }
        let leaf = "\(directory)/\(Self.ownLeaf)"
        if mkdir(leaf, 0o755) != 0, errno != EEXIST { throw SystemError("make \(leaf)") }
        var error = write(own, "\(leaf)/cgroup.procs")
        if error == 0 { error = write("+memory", "\(directory)/cgroup.subtree_control") }
        guard error != 0 else { return }
        _ = write(own, "\(directory)/cgroup.procs")
        rmdir(leaf)
        throw SystemError("limit memory in \(directory)", number: error)
    }

    /// Puts a process that has just been started into a group of its own. Without one it stays where it is.
    /// - Parameter name: of the group; no other worker ever had it.
    func add(_ pid: pid_t, to name: String) {
        let group = "\(directory)/\(name)"
        // A server that was killed may have left one of this name.
        rmdir(group)
        guard mkdir(group, 0o755) == 0 else { return }
        // What is left of a worker that has lost one of its processes is of no use.
        _ = write("1", "\(group)/memory.oom.group")
        if write(String(pid), "\(group)/cgroup.procs") == 0 {
            state.withLock { _ = $0.living.insert(name) }
        } else {
            rmdir(group)
        }
    }

    /// From now on a worker may have so many bytes at most.
    /// - Returns: `false` when it has no group, or the kernel does not want to.
    func limit(_ name: String, memoryBytes: Int) -> Bool {
        guard state.withLock({ $0.living.contains(name) }),
            write(String(memoryBytes), "\(directory)/\(name)/memory.max") == 0
        else { return false }
        state.withLock { if $0.living.contains(name) { $0.walls[name] = memoryBytes } }
        return true
    }

    /// A worker has ended: so does its group.
    /// - Returns: the wall in bytes, if the kernel killed it for that.
    func remove(_ name: String) -> Int? {
        let (existed, wall) = state.withLock { ($0.living.remove(name) != nil, $0.walls.removeValue(forKey: name)) }
        guard existed else { return nil }
        let events = Self.words(in: "\(directory)/\(name)/memory.events")
        let kills = events.firstIndex(of: "oom_kill").flatMap { events.dropFirst($0 + 1).first }
        state.withLock { _ = $0.leftovers.insert(name) }
        sweep()
        return kills == nil || kills == "0" ? nil : wall
    }

    /// Removes groups of workers that have ended. Until the last of what a worker had started is gone the kernel keeps
    /// its group, and it goes with the next.
    func sweep() {
        let gone = state.withLock(\.leftovers).filter { rmdir("\(directory)/\($0)") == 0 || errno == ENOENT }
        state.withLock { $0.leftovers.subtract(gone) }
    }

    /// The share of the last ten seconds in which something of ours or the workers' waited for memory, 0 to 1; `nil` if
    /// the kernel does not tell.
    var pressure: Double? {
        let average = Self.words(in: "\(directory)/memory.pressure").first { $0.hasPrefix("avg10=") }
        return average.flatMap { Double($0.dropFirst("avg10=".count)) }.map { $0 / 100 }
    }

    // MARK: Files

    /// Tells the kernel something by one of its files.
    static let writeFile: Write = { text, path in
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count ? 0 : errno
    }

    private static func words(in path: String) -> [Substring] {
        text(at: path)?.split(whereSeparator: \.isWhitespace) ?? []
    }

    /// The beginning of a file. A group in which there is more than that in any of them is not ours alone.
    private static func text(at path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
