import Devices
import Glibc
import Logging
import NIOCore
import PoolCore

/// GPUs that are shared by MPS: a private daemon for each, and all its clients are one fault domain.
extension Supervisor {
    /// The group that an engine's instances on a device belong to, if they share it by MPS.
    func mpsGroup(engine: Int, device: String) -> MPSGroup? {
        guard definition(of: engine).usesMPS else { return nil }
        // While the driver does not answer it still is the GPU that it was.
        return daemons.keys.first { $0.device == device }
            ?? MPSGroup(device: device, uuid: watch?.reading(of: device)?.uuid, in: sockets.path)
    }

    /// Has a process started in a group, once the group has a daemon; or without, if it cannot have one.
    func join(_ process: ProcessID, _ group: MPSGroup) {
        switch daemons[group] {
        case .ready:
            workers[process]?.mps = group
            begin(process)
        case .starting(let waiting, let pid):
            daemons[group] = .starting(waiting: waiting + [process], pid: pid)
        case .ending(let waiting, let pid):
            daemons[group] = .ending(waiting: waiting + [process], pid: pid)
        case .unusable(let until) where until > .now():
            begin(process)
        case .unusable, nil:
            startDaemon(of: group, for: [process])
        }
    }

    /// The pool ends: nothing waits for a daemon any more.
    func giveUpDaemons() {
        for (group, daemon) in daemons {
            let left: [ProcessID]
            switch daemon {
            case .starting(let waiting, let pid):
                daemons[group] = .starting(waiting: [], pid: pid)
                left = waiting
            case .ending(let waiting, let pid):
                daemons[group] = .ending(waiting: [], pid: pid)
                left = waiting
            case .ready, .unusable: continue
            }
            for process in left { spawnFailed(process, SystemError("wait for an MPS daemon", number: ECANCELED)) }
        }
    }

    /// Ends the daemons, whose clients have all ended.
    /// - Parameter then: done when they have ended, or will not.
    func endDaemons(then: @escaping @Sendable (isolated Supervisor) -> Void) {
        let pids = daemons.values.compactMap(\.pid)
        guard !pids.isEmpty else { return then(self) }
        for pid in pids { keeper.signal(SIGTERM, to: pid) }
        let ended = eventLoop.makePromise(of: Void.self)
        daemonsEnded = ended
        let timeout = eventLoop.scheduleTask(in: MPSDaemon.endTimeout) { ended.succeed() }
        ended.futureResult.whenComplete { _ in
            timeout.cancel()
            self.assumeIsolated { then($0) }
        }
    }

    // MARK: A daemon's life

    private func startDaemon(of group: MPSGroup, for waiting: [ProcessID]) {
        daemons[group] = .starting(waiting: waiting, pid: nil)
        let environment = definition(of: waiting[0]).environment
        guard let program = MPSDaemon.find(on: environment["PATH"]) else {
            doWithoutDaemon(of: group, because: "there is no \(MPSDaemon.program) on the PATH of the engine")
            return
        }
        let output: CInt
        do throws(SystemError) {
            try group.makeDirectories()
            output = try openOutput { supervisor, line in
                supervisor.log(.info, "An MPS daemon wrote a line.", group, [.line: "\(line)"])
            }
        } catch {
            doWithoutDaemon(of: group, because: "\(error)")
            return
        }
        keeper.start(
            ProcessKeeper.Launch(
                // In the foreground, as a child of ours.
                arguments: [program, "-f"],
                environment: environment.merging(group.daemonEnvironment) { $1 }.map { "\($0.key)=\($0.value)" },
                output: output
            ),
            started: { result in
                self.onLoop { supervisor, _ in
                    switch result {
                    case .success(let pid): supervisor.daemonStarted(group, pid: pid)
                    case .failure(let error): supervisor.doWithoutDaemon(of: group, because: "\(error)")
                    }
                }
            },
            exited: { exit in self.onLoop { supervisor, _ in supervisor.daemonEnded(group, exit) } }
        )
    }

    private func daemonStarted(_ group: MPSGroup, pid: pid_t) {
        guard case .starting(let waiting, nil) = daemons[group] else { return }
        daemons[group] = .starting(waiting: waiting, pid: pid)
        awaitDaemon(of: group, pid: pid, until: .now() + MPSDaemon.startTimeout)
    }

    private func awaitDaemon(of group: MPSGroup, pid: pid_t, until deadline: NIODeadline) {
        guard case .starting(let waiting, pid) = daemons[group], !pool.isStopping else { return }
        if group.isListening {
            daemons[group] = .ready(pid)
            log(.info, "An MPS daemon is ready.", group)
            for process in waiting { join(process, group) }
        } else if deadline <= .now() {
            let seconds = MPSDaemon.startTimeout.nanoseconds / 1_000_000_000
            doWithoutDaemon(of: group, because: "it did not listen within \(seconds) s")
            keeper.signal(SIGKILL, to: pid)
        } else {
            eventLoop.assumeIsolated().scheduleTask(in: MPSDaemon.lookInterval) {
                self.assumeIsolated { $0.awaitDaemon(of: group, pid: pid, until: deadline) }
            }
        }
    }

    private func doWithoutDaemon(of group: MPSGroup, because reason: String) {
        guard case .starting(let waiting, _) = daemons[group] else { return }
        daemons[group] = .unusable(until: .now() + MPSDaemon.pause)
        let message: Logger.Message = """
            An MPS daemon could not be started, so instances share their GPU without it. Install the MPS programs of \
            NVIDIA's driver, or set `mps: false`.
            """
        log(.error, message, group, [.reason: "\(reason)"])
        for process in waiting { begin(process) }
    }

    private func daemonEnded(_ group: MPSGroup, _ exit: ProcessKeeper.Exit) {
        switch daemons[group] {
        case _ where pool.isStopping:
            daemons[group] = nil
        case .starting:
            doWithoutDaemon(of: group, because: "it ended with \(exit)")
        case .ready:
            breakUp(group, because: "its daemon ended with \(exit)")
            noteEnd(ofDaemonOf: group)
        case .ending:
            noteEnd(ofDaemonOf: group)
        case .unusable, nil: break
        }
        if daemons.values.allSatisfy({ $0.pid == nil }) { daemonsEnded?.succeed() }
    }

    // MARK: Faults

    /// A worker ended. One that was ended by a signal may have left work on the GPU, and nobody knows what becomes of a
    /// server then.
    func memberEnded(_ process: ProcessID, _ exit: ProcessKeeper.Exit) {
        guard let group = workers[process]?.mps else { return }
        switch exit {
        case .status: break
        case .signal, .unknown: breakUp(group, because: "\(name(of: process.instance)) ended with \(exit)")
        }
        renew(group)
    }

    /// Whether a worker was started for a daemon that has been given up meanwhile.
    func isLate(_ process: ProcessID) -> Bool {
        guard let group = workers[process]?.mps else { return false }
        if case .ready = daemons[group] { return false }
        return true
    }

    /// Ends a group's workers and its daemon.
    private func breakUp(_ group: MPSGroup, because reason: String) {
        guard case .ready(let pid) = daemons[group], !pool.isStopping else { return }
        daemons[group] = .ending(waiting: [], pid: pid)
        log(.error, "An MPS group is started anew, with all its workers.", group, [.reason: "\(reason)"])
        for process in workers.keys where isLiving(process, in: group) { signal(SIGKILL, to: process) }
        keeper.signal(SIGTERM, to: pid)
        eventLoop.assumeIsolated().scheduleTask(in: MPSDaemon.endTimeout) {
            self.assumeIsolated { supervisor in
                guard case .ending(_, pid) = supervisor.daemons[group] else { return }
                supervisor.keeper.signal(SIGKILL, to: pid)
            }
        }
    }

    private func noteEnd(ofDaemonOf group: MPSGroup) {
        guard case .ending(let waiting, _) = daemons[group] else { return }
        daemons[group] = .ending(waiting: waiting, pid: nil)
        renew(group)
    }

    /// Starts another daemon when all that was of the one before has gone, and somebody waits for it.
    private func renew(_ group: MPSGroup) {
        guard case .ending(let waiting, nil) = daemons[group],
            !workers.keys.contains(where: { isLiving($0, in: group) })
        else { return }
        daemons[group] = nil
        if !waiting.isEmpty { startDaemon(of: group, for: waiting) }
    }

    private func isLiving(_ process: ProcessID, in group: MPSGroup) -> Bool {
        guard let worker = workers[process] else { return false }
        return worker.mps == group && worker.pid != nil && worker.exit == nil
    }

    private func log(
        _ level: Logger.Level,
        _ message: Logger.Message,
        _ group: MPSGroup,
        _ metadata: Logger.Metadata = [:]
    ) {
        var metadata = metadata
        metadata["device.name"] = "\(group.device)"
        if let pid = daemons[group]?.pid { metadata[.pid] = "\(pid)" }
        logger.log(level: level, message, metadata: metadata)
    }
}
