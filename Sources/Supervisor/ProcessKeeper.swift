import CSpawn
import Glibc
import NIOPosix
import Synchronization

/// Starts processes, waits for their ends and ends them, all on one thread.
///
/// The thread lives as long as the keeper's processes: the kernel sends a process its parent-death signal when the
/// *thread* that started it ends. And since only this thread reaps, a signal never goes to a process number that has
/// been reused.
final class ProcessKeeper: Sendable {
    /// A process to start.
    struct Launch: Sendable {
        var arguments: [String]
        /// As `NAME=VALUE`.
        var environment: [String]
        /// Becomes standard output and error. The keeper closes its copy.
        var output: CInt
    }

    /// How a process ended.
    enum Exit: Sendable, Equatable, CustomStringConvertible {
        case status(CInt)
        case signal(CInt)

        var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    private enum Order: Sendable {
        case start(
            Launch,
            started: @Sendable (Result<pid_t, SystemError>) -> Void,
            exited: @Sendable (Exit) -> Void
        )
        case signal(CInt, pid_t)
        case leave
    }

    private struct Kept {
        var pidfd: CInt
        var exited: @Sendable (Exit) -> Void
    }

    /// Workers are to be ended before the server when the kernel runs out of memory.
    private static let oomScoreAdjust: CInt = 500

    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let orders = Mutex<[Order]>([])
    /// A pipe: a byte in it says that there are orders.
    private let wakeup: (read: CInt, write: CInt)

    init() throws(SystemError) {
        var ends: [CInt] = [0, 0]
        let error = chorus_pipe(&ends, 1)
        guard error == 0 else { throw SystemError("make a pipe", number: error) }
        wakeup = (ends[0], ends[1])
        thread.start()
        thread.submit { [self] _ in keep() }
    }

    deinit {
        close(wakeup.read)
        close(wakeup.write)
    }

    /// Starts a program.
    /// - Parameters:
    ///   - started: told its number, or why it could not be started.
    ///   - exited: told when it has ended, if it was started. What it started itself has been killed by then.
    func start(
        _ launch: Launch,
        started: @escaping @Sendable (Result<pid_t, SystemError>) -> Void,
        exited: @escaping @Sendable (Exit) -> Void
    ) {
        give(.start(launch, started: started, exited: exited))
    }

    /// Sends a signal to the process and all that it started. Nothing happens if it has ended.
    func signal(_ signal: CInt, to pid: pid_t) {
        give(.signal(signal, pid))
    }

    /// The keeper is done. Processes that are left are killed.
    func leave() {
        give(.leave)
    }

    private func give(_ order: Order) {
        orders.withLock { $0.append(order) }
        // A full pipe wakes the thread just as well.
        _ = write(wakeup.write, [1], 1)
    }

    // MARK: On the thread

    private func keep() {
        var kept: [pid_t: Kept] = [:]
        while true {
            waitForNews(of: kept)
            let orders = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            for order in orders {
                switch order {
                case .start(let launch, let started, let exited):
                    switch spawn(launch) {
                    case .success(let spawned):
                        kept[spawned.pid] = Kept(pidfd: spawned.pidfd, exited: exited)
                        started(.success(spawned.pid))
                    case .failure(let error):
                        started(.failure(error))
                    }
                case .signal(let signal, let pid):
                    if kept[pid] != nil { kill(-pid, signal) }
                case .leave:
                    for pid in kept.keys { kill(-pid, SIGKILL) }
                    thread.shutdownGracefully { _ in }
                    return
                }
            }
            for (pid, process) in kept where hasEnded(process.pidfd) {
                kept[pid] = nil
                process.exited(reap(process.pidfd, pid: pid))
            }
        }
    }

    private func waitForNews(of kept: [pid_t: Kept]) {
        var waits = [pollfd(fd: wakeup.read, events: Int16(POLLIN), revents: 0)]
        waits += kept.values.map { pollfd(fd: $0.pidfd, events: Int16(POLLIN), revents: 0) }
        while poll(&waits, nfds_t(waits.count), -1) < 0 && errno == EINTR {}
        if waits[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 4096)
            _ = read(wakeup.read, &bytes, bytes.count)
        }
    }

    private func hasEnded(_ pidfd: CInt) -> Bool {
        var wait = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) > 0
    }

    private func spawn(_ launch: Launch) -> Result<chorus_spawned, SystemError> {
        defer { close(launch.output) }
        var spawned = chorus_spawned()
        let error = withCStrings(launch.arguments) { arguments in
            withCStrings(launch.environment) { environment in
                var request = chorus_spawn_request(
                    arguments: arguments,
                    environment: environment,
                    output: launch.output,
                    oom_score_adj: Self.oomScoreAdjust
                )
                return chorus_spawn(&request, &spawned)
            }
        }
        if error != 0 { return .failure(SystemError("start \(launch.arguments[0])", number: error)) }
        return .success(spawned)
    }

    /// The leader is a zombie until it is reaped, so its group's number still is its own.
    private func reap(_ pidfd: CInt, pid: pid_t) -> Exit {
        kill(-pid, SIGKILL)
        var code: CInt = 0
        var status: CInt = 0
        _ = chorus_reap(pidfd, &code, &status)
        close(pidfd)
        return code == CInt(CLD_EXITED) ? .status(status) : .signal(status)
    }
}

/// Calls `body` with the strings as C wants them: a list ended by NULL.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
}
