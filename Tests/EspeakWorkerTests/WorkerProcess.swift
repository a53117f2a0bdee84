import Foundation

/// A worker that runs for a test, on a socket of its own.
///
/// It is started by posix_spawn, because Foundation's `Process` lets its children inherit what tells it of the end of
/// others, and so cannot be used by tests that run side by side.
final class WorkerProcess {
    struct CannotStart: Error {}

    /// A directory of its own; the socket is in it.
    let directory: URL
    let id: pid_t
    private var status: Int32?

    /// Starts a program that lies next to the tests, and waits until it listens or has ended.
    /// - Parameters:
    ///   - directory: another worker's, which has ended; otherwise a new one.
    ///   - environment: what it has beside ours.
    init(
        _ program: String,
        _ arguments: [String] = [],
        in directory: URL? = nil,
        environment: [String: String] = [:]
    ) throws {
        let directory =
            directory
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("chorus-\(UUID().uuidString.prefix(8))")
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let socket = directory.appendingPathComponent("s").path
        id = try Self.spawn(
            Self.product(program).path,
            ["--uri", "unix://\(socket)"] + arguments,
            environment: environment,
            output: "/dev/null"
        )
        while !hasEnded, (try? WorkerClient(self)) == nil { usleep(1000) }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    var socket: String { directory.appendingPathComponent("s").path }

    /// A new connection to it.
    func connect() throws -> WorkerClient { try WorkerClient(self) }

    /// The processes that it has forked and that are alive.
    var children: [pid_t] {
        let list = try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        return (list ?? "").split(separator: " ").compactMap { pid_t($0) }
    }

    /// Sends SIGTERM and waits.
    /// - Returns: the exit status, or 128 and the signal that it died of.
    func stop() -> Int32 {
        Glibc.kill(id, SIGTERM)
        return waitForExit()
    }

    /// Ends it, if it still runs, without giving it time for anything.
    func kill() {
        guard !hasEnded else { return }
        Glibc.kill(id, SIGKILL)
        _ = waitForExit()
    }

    /// Waits until it ends by itself.
    func waitForExit() -> Int32 {
        if let status { return status }
        status = Self.wait(for: id)
        return status ?? 0
    }

    private var hasEnded: Bool {
        if status != nil { return true }
        var raw: Int32 = 0
        guard waitpid(id, &raw, WNOHANG) == id else { return false }
        status = Self.exitStatus(raw)
        return true
    }

    // MARK: Any program

    /// A program that lies next to the tests.
    static func product(_ name: String) -> URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent(name)
    }

    /// Runs a program to its end.
    /// - Returns: its exit status and what it printed on standard output.
    static func run(_ program: URL, _ arguments: [String]) throws -> (status: Int32, output: Data) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("chorus-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let status = wait(for: try spawn(program.path, arguments, output: file.path))
        return (status, try Data(contentsOf: file))
    }

    private static func spawn(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        output: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let strings = [[program] + arguments, variables].map { $0.map { strdup($0) } + [nil] }
        defer { strings.joined().forEach { free($0) } }
        var id = pid_t()
        guard posix_spawn(&id, program, &actions, nil, strings[0], strings[1]) == 0 else { throw CannotStart() }
        return id
    }

    private static func wait(for id: pid_t) -> Int32 {
        var raw: Int32 = 0
        while waitpid(id, &raw, 0) < 0, errno == EINTR {}
        return exitStatus(raw)
    }

    private static func exitStatus(_ raw: Int32) -> Int32 {
        raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
    }
}
