import CSpawn
import Glibc
import NIOPosix
import Synchronization

/// Starts processes, waits for their ends and ends them, all on one thread.
///
/// The thread lives as long as the keeper's processes: the kernel sends a process its parent-death signal when the
/// *thread* that started it ends. And since only this thread reaps, and templates reap their copies only when it tells
/// them to, a signal never goes to a process number that has been reused, unless a template died before its copy.
/// What its processes have started does not outlive us (`Guardian`).
final class ProcessKeeper: Sendable {
    /// A process to start.
    struct Launch: Sendable {
        var arguments: [String]
        /// As `NAME=VALUE`.
        var environment: [String]
        /// Becomes standard output and error. The keeper closes its copy.
        var output: CInt
        /// Whose rights it has; `nil` for ours.
        var user: UserAccount?
    }

    /// A copy of a template to make.
    struct Fork: Sendable {
        var uri: String
        var device: String
        var instance: String
        /// What it may hold of its device's memory, if anybody knows.
        var memoryBytes: Int?
        /// Becomes standard output and error. The keeper closes its copy.
        var output: CInt
    }

    /// How a process ended.
    enum Exit: Sendable, Equatable, CustomStringConvertible {
        case status(CInt)
        case signal(CInt)
        /// Its template ended with it.
        case unknown

        /// Whether the process itself is to blame, as far as the end tells: it left, or did what ends a process.
        var isOwnDoing: Bool {
            switch self {
            case .status: true
            case .signal(let signal): ![SIGKILL, SIGTERM, SIGINT, SIGHUP].contains(signal)
            case .unknown: false
            }
        }

        var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            case .unknown: "an end that nobody saw"
            }
        }
    }

    private enum Order: Sendable {
        case start(
            Launch,
            ready: (@Sendable () -> Void)?,
            started: @Sendable (Result<pid_t, SystemError>) -> Void,
            exited: @Sendable (Exit) -> Void
        )
        case fork(
            Fork,
            template: pid_t,
            started: @Sendable (Result<pid_t, SystemError>) -> Void,
            exited: @Sendable (Exit) -> Void
        )
        case signal(CInt, pid_t)
        case leave(left: @Sendable (_ remaining: Int) -> Void)
    }

    /// What is on the thread.
    private struct Household {
        var kept: [pid_t: Kept] = [:]
        /// The channels of those that are templates.
        var templates: [pid_t: TemplateChannel] = [:]
        let guardian = Guardian()
    }

    private struct Kept {
        var pidfd: CInt
        /// The template that it is a copy of, and a child of.
        var template: pid_t?
        var exited: @Sendable (Exit) -> Void
    }

    /// What tells a process that it is a template, and where its channel is.
    private static let templateVariable = "CHORUS_TEMPLATE_FD=3"

    /// Workers are to be ended before the server when the kernel runs out of memory.
    private static let oomScoreAdjust: CInt = 500

    /// The first process of a container inherits every orphan in it, and has to look for those that have ended.
    private static let inheritsOrphans = getpid() == 1
    /// How long one may lie there.
    private static let orphanInterval = Duration.seconds(10)

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
        give(.start(launch, ready: nil, started: started, exited: exited))
    }

    /// Starts a program as a template. What it is a template of, is what the program makes of its arguments.
    /// - Parameters:
    ///   - ready: told once, when copies can be made.
    ///   - started, exited: as for `start`. Its copies end with it.
    func startTemplate(
        _ launch: Launch,
        ready: @escaping @Sendable () -> Void,
        started: @escaping @Sendable (Result<pid_t, SystemError>) -> Void,
        exited: @escaping @Sendable (Exit) -> Void
    ) {
        give(.start(launch, ready: ready, started: started, exited: exited))
    }

    /// Has a template make a copy of itself, which is then kept like a program that was started.
    func fork(
        _ fork: Fork,
        from template: pid_t,
        started: @escaping @Sendable (Result<pid_t, SystemError>) -> Void,
        exited: @escaping @Sendable (Exit) -> Void
    ) {
        give(.fork(fork, template: template, started: started, exited: exited))
    }

    /// Sends a signal to the process and all that it started. Nothing happens if it has ended.
    func signal(_ signal: CInt, to pid: pid_t) {
        give(.signal(signal, pid))
    }

    /// The keeper is done. Processes that are left are killed, and whatever they have started.
    /// - Parameter left: told when that is done, and how many could not be killed.
    func leave(left: @escaping @Sendable (_ remaining: Int) -> Void) {
        give(.leave(left: left))
    }

    private func give(_ order: Order) {
        orders.withLock { $0.append(order) }
        // A full pipe wakes the thread just as well.
        _ = write(wakeup.write, [1], 1)
    }

    // MARK: On the thread

    private func keep() {
        var house = Household()
        while true {
            waitForNews(of: house)
            let orders = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            for order in orders {
                if case .leave(let left) = order {
                    for pid in house.kept.keys { kill(-pid, SIGKILL) }
                    for process in house.kept.values where process.template == nil { _ = reap(process.pidfd) }
                    let remaining = house.guardian.sweep()
                    house.guardian.end()
                    left(remaining)
                    thread.shutdownGracefully { _ in }
                    return
                }
                follow(order, in: &house)
            }
            for pid in house.templates.keys { hear(template: pid, in: &house) }
            let ended = house.kept.filter { hasEnded($0.value.pidfd) }.keys
            // Templates first: they cannot be asked any more how their copies ended.
            for pid in ended where house.templates[pid] != nil { bury(pid, in: &house) }
            for pid in ended { bury(pid, in: &house) }
            for (pid, channel) in house.templates {
                if let deadline = channel.deadline, deadline <= .now { kill(-pid, SIGKILL) }
            }
            if let pidfd = house.guardian.pidfd, hasEnded(pidfd) { house.guardian.end() }
            house.guardian.start()
            if Self.inheritsOrphans { buryOrphans(in: house) }
        }
    }

    private func follow(_ order: Order, in house: inout Household) {
        switch order {
        case .start(let launch, let ready, let started, let exited):
            switch spawn(launch, ready: ready, mark: house.guardian.mark) {
            case .success(let (spawned, channel)):
                house.kept[spawned.pid] = Kept(pidfd: spawned.pidfd, exited: exited)
                house.templates[spawned.pid] = channel
                house.guardian.add(spawned.pid)
                started(.success(spawned.pid))
            case .failure(let error):
                started(.failure(error))
            }
        case .fork(let fork, let template, let started, let exited):
            defer { close(fork.output) }
            guard let channel = house.templates[template] else {
                started(.failure(SystemError("fork an instance from its template", number: ESRCH)))
                return
            }
            channel.fork(fork, started: started, exited: exited)
        case .signal(let signal, let pid):
            if house.kept[pid] != nil { kill(-pid, signal) }
        case .leave: break
        }
    }

    private func waitForNews(of house: Household) {
        let descriptors =
            [wakeup.read] + house.kept.values.map(\.pidfd) + house.templates.values.map(\.socket)
            + [house.guardian.pidfd].compactMap(\.self)
        var waits = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let orphans = Self.inheritsOrphans ? ContinuousClock.now + Self.orphanInterval : nil
        let deadlines = house.templates.values.map(\.deadline) + [house.guardian.deadline, orphans]
        let deadline = deadlines.compactMap(\.self).min()
        let milliseconds = deadline.map { max(1, ContinuousClock.now.duration(to: $0) / .milliseconds(1)) }
        while poll(&waits, nfds_t(waits.count), milliseconds.map { CInt($0) } ?? -1) < 0 && errno == EINTR {}
        if waits[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 4096)
            _ = read(wakeup.read, &bytes, bytes.count)
        }
    }

    private func hear(template pid: pid_t, in house: inout Household) {
        guard let (copies, isOpen) = house.templates[pid]?.receive() else { return }
        for copy in copies {
            house.kept[copy.pid] = Kept(pidfd: copy.pidfd, template: pid, exited: copy.exited)
            house.guardian.add(copy.pid)
            copy.started(.success(copy.pid))
        }
        // A template that does not talk is of no use.
        if !isOpen { kill(-pid, SIGKILL) }
    }

    /// A process has ended. It is a zombie until it is reaped, so its group's number still is its own.
    private func bury(_ pid: pid_t, in house: inout Household) {
        hear(template: pid, in: &house)
        guard let process = house.kept.removeValue(forKey: pid) else { return }
        defer { house.guardian.remove(pid) }
        house.templates.removeValue(forKey: pid)?.end()
        defer { close(process.pidfd) }
        guard let template = process.template else {
            kill(-pid, SIGKILL)
            process.exited(reap(process.pidfd))
            return
        }
        guard let channel = house.templates[template] else {
            // Its template ended before it, and took it along. The first process reaps it then, which may be us.
            process.exited(reap(process.pidfd))
            return
        }
        kill(-pid, SIGKILL)
        channel.reap(pid, exited: process.exited)
    }

    /// Forgets what the dead had started and nobody else has waited for. Who is kept is seen to elsewhere, and soon.
    private func buryOrphans(in house: Household) {
        while case let pid = chorus_ended_child(), pid > 0, house.kept[pid] == nil, pid != house.guardian.pid {
            waitpid(pid, nil, WNOHANG)
        }
    }

    private func hasEnded(_ pidfd: CInt) -> Bool {
        var wait = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) > 0
    }

    private func spawn(
        _ launch: Launch,
        ready: (@Sendable () -> Void)?,
        mark: String
    ) -> Result<(chorus_spawned, TemplateChannel?), SystemError> {
        defer { close(launch.output) }
        var ends: [CInt] = [-1, -1]
        if ready != nil {
            let error = chorus_packet_pair(&ends)
            if error != 0 { return .failure(SystemError("make a socket for a template", number: error)) }
        }
        defer { if ends[1] >= 0 { close(ends[1]) } }
        let channel = ready.map { TemplateChannel(socket: ends[0], ready: $0) }
        var spawned = chorus_spawned()
        let error = withCStrings(launch.arguments) { arguments in
            withCStrings(launch.environment + [mark] + (ready == nil ? [] : [Self.templateVariable])) { environment in
                withCUser(launch.user) { user in
                    var request = chorus_spawn_request(
                        arguments: arguments,
                        environment: environment,
                        output: launch.output,
                        channel: ends[1],
                        oom_score_adj: Self.oomScoreAdjust,
                        user: user
                    )
                    return chorus_spawn(&request, &spawned)
                }
            }
        }
        if error != 0 {
            let rights = launch.user.map { " with the rights of \($0.name)" } ?? ""
            return .failure(SystemError("start \(launch.arguments[0])\(rights)", number: error))
        }
        return .success((spawned, channel))
    }

    private func reap(_ pidfd: CInt) -> Exit {
        var code: CInt = 0
        var status: CInt = 0
        guard chorus_reap(pidfd, &code, &status) == 0 else { return .unknown }
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

/// Calls `body` with a user as C wants it.
private func withCUser<Result>(_ user: UserAccount?, _ body: (UnsafePointer<chorus_user>?) -> Result) -> Result {
    guard let user else { return body(nil) }
    return user.groups.withUnsafeBufferPointer { groups in
        withUnsafePointer(
            to: chorus_user(uid: user.uid, gid: user.gid, groups: groups.baseAddress, group_count: groups.count),
            body
        )
    }
}
