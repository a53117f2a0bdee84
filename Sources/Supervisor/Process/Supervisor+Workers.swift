import CSpawn
import Glibc
import Hashing
import Logging
import Metrics
import NIOCore
import NIOPosix
import PoolCore
import SpeechCore
import Wyoming

extension Supervisor {
    // MARK: Start

    func spawn(_ process: ProcessID, engine: Int, device: String, memoryBytes: Int?) {
        let path = sockets.socketPath(
            instance: process.instance.index,
            incarnation: process.incarnation,
            user: definition(of: process).user
        )
        let before = pool.devices.first { $0.name == device }
        let used = before.map { $0.foreignBytes + $0.unreleasedBytes } ?? 0
        workers[process] = Worker(socketPath: path, memoryBytes: memoryBytes, deviceBytesBefore: used)
        if let group = mpsGroup(engine: engine, device: device) { join(process, group) } else { begin(process) }
    }

    /// Has a process made, in the way of its engine.
    func begin(_ process: ProcessID) {
        let engine = pool.instances[process.instance.index].engine
        if definition(of: process).usesTemplate {
            let device = device(of: process).name
            let revision = pool.instances[process.instance.index].revision
            let id = TemplateID(engine: engine, revision: revision, device: device, mps: workers[process]?.mps)
            fork(process, from: id)
        } else {
            launch(process)
        }
    }

    /// Starts a process from the engine's command.
    func launch(_ process: ProcessID) {
        guard let worker = workers[process], let output = openOutput(of: process) else { return }
        let plan = definition(of: process)
        let clientEnvironment = worker.mps?.clientEnvironment(memoryBytes: worker.memoryBytes) ?? [:]
        var environment = plan.environment.merging(clientEnvironment) { $1 }
        environment[Self.memoryVariable] = worker.memoryBytes.map(String.init)
        keeper.start(
            ProcessKeeper.Launch(
                arguments: plan.command(
                    uri: worker.uri,
                    device: deviceName(for: process),
                    instance: name(of: process.instance),
                    memoryBytes: worker.memoryBytes
                ),
                environment: environment.map { "\($0.key)=\($0.value)" },
                output: output,
                user: plan.user
            ),
            started: started(process),
            exited: exited(process)
        )
    }

    /// Tells a worker what it may hold of its device's memory, in bytes.
    private static let memoryVariable = "CHORUS_MEMORY_BYTES"

    /// A pipe for what a process writes. Its other end is watched.
    /// - Returns: `nil` if there is none; that is dealt with.
    func openOutput(of process: ProcessID) -> CInt? {
        do throws(SystemError) {
            workers[process]?.isWriting = true
            return try openOutput(ended: { $0.wroteLast(process) }, { $0.wrote($1, process) })
        } catch {
            spawnFailed(process, error)
            return nil
        }
    }

    /// What to do when the keeper has started a process, or could not.
    func started(_ process: ProcessID) -> @Sendable (Result<pid_t, SystemError>) -> Void {
        let group = groupName(of: process)
        return { result in
            // On the keeper's thread, which may wait for the kernel.
            if let group, case .success(let pid) = result { self.groups?.add(pid, to: group) }
            self.onLoop { supervisor, now in
                switch result {
                case .success(let pid): supervisor.spawned(process, pid: pid, now: now)
                case .failure(let error): supervisor.spawnFailed(process, error)
                }
            }
        }
    }

    /// What to do when a process has ended.
    func exited(_ process: ProcessID) -> @Sendable (ProcessKeeper.Exit) -> Void {
        let group = groupName(of: process)
        return { exit in
            let wall = group.flatMap { self.groups?.remove($0) }
            self.onLoop { supervisor, _ in supervisor.exited(process, exit, fatalWall: wall) }
        }
    }

    /// The name of a process's control group, if it is to have one.
    func groupName(of process: ProcessID) -> String? {
        guard groups != nil, device(of: process).name == MemoryWatch.host else { return nil }
        return "\(name(of: process.instance))-\(process.incarnation)"
    }

    private func spawned(_ process: ProcessID, pid: pid_t, now: Instant) {
        workers[process]?.pid = pid
        if isLate(process) { signal(SIGKILL, to: process) }
        log(.debug, "A worker process was started.", process)
        perform(pool.processSpawned(process, now: now))
    }

    func spawnFailed(_ process: ProcessID, _ error: SystemError) {
        log(.error, "A worker could not be started.", process, [.reason: "\(error)"])
        workers[process] = nil
        let engine = pool.instances[process.instance.index].engine
        lastFailures[engine] = Failure(ending: "\(error)", lastWords: [])
        perform(pool.processExited(process, now: now))
    }

    /// Makes a pipe and reads lines from it.
    /// - Parameters:
    ///   - ended: told when nothing more will be written.
    ///   - deliver: given each line, on the event loop.
    /// - Returns: the end to write to.
    func openOutput(
        ended: @escaping @Sendable (isolated Supervisor) -> Void = { _ in },
        _ deliver: @escaping @Sendable (isolated Supervisor, String) -> Void
    ) throws(SystemError) -> CInt {
        var ends: [CInt] = [0, 0]
        let error = chorus_pipe(&ends, 0)
        guard error == 0 else { throw SystemError("make a pipe", number: error) }
        let input = ends[0]
        NIOPipeBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        WorkerOutput(
                            deliver: { line in self.assumeIsolated { deliver($0, line) } },
                            ended: { self.assumeIsolated { ended($0) } }
                        )
                    )
                }
            }
            .takingOwnershipOfDescriptor(input: input)
            .whenFailure { error in
                close(input)
                self.assumeIsolated { ended($0) }
                self.logger.error("A worker's output cannot be read.", metadata: [.reason: "\(error)"])
            }
        return ends[1]
    }

    private func wroteLast(_ process: ProcessID) {
        workers[process]?.isWriting = false
        buryIfQuiet(process)
    }

    private func wrote(_ line: String, _ process: ProcessID) {
        let line = WorkerLine(line)
        // A process that has ended may have known some, too.
        var level = workers[process]?.knowsTexts == false ? line.level : line.levelAfterTexts
        // Where it hangs, as it was asked to tell.
        if workers[process]?.isAborted == true { level = .error }
        log(level, "A worker wrote a line.", process, [.line: "\(line.text)"])
        guard level > .debug, var words = workers[process]?.lastWords else { return }
        if words.count == Worker.lastWordsKept { words.removeFirst() }
        words.append(line.text)
        workers[process]?.lastWords = words
    }

    // MARK: Connections

    /// The connection of a slot, if there is one or one is being made.
    func currentLink(of slot: SlotID) -> SlotLink? { workers[slot.process]?.links[slot.index] }

    /// Makes a slot's connection, anew if there is one.
    func open(_ slot: SlotID) {
        // The end of a process may be known before the end of its connections.
        guard let worker = workers[slot.process], worker.exit == nil else { return }
        drop(slot)
        linksMade += 1
        workers[slot.process]?.links[slot.index] = SlotLink(number: linksMade)
        connect(slot, link: linksMade)
    }

    private func connect(_ slot: SlotID, link number: Int) {
        guard let worker = workers[slot.process] else { return }
        ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = SlotConnection(supervisor: self, slot: slot, link: number)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(unixDomainSocketPath: worker.socketPath)
            .whenComplete { result in
                self.assumeIsolated { $0.connected(slot, link: number, try? result.get()) }
            }
    }

    private func connected(_ slot: SlotID, link number: Int, _ channel: (any Channel)?) {
        guard currentLink(of: slot)?.number == number else {
            channel?.close(promise: nil)
            return
        }
        if let channel {
            currentLink(of: slot)?.channel = channel
            send(.describe, to: slot)
        } else {
            tryAgain(slot, link: number)
        }
    }

    private func tryAgain(_ slot: SlotID, link number: Int) {
        guard let link = currentLink(of: slot) else { return }
        let delay = link.delay
        link.delay = min(.nanoseconds(delay.nanoseconds * 3 / 2), SlotLink.longestDelay)
        link.channel = nil
        link.nextAttempt = eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.assumeIsolated { supervisor in
                guard supervisor.currentLink(of: slot)?.number == number else { return }
                supervisor.connect(slot, link: number)
            }
        }
    }

    /// The worker answered on a new connection.
    func opened(_ slot: SlotID, _ info: WyomingInfo) {
        guard !info.program.isEmpty else {
            kill(slot.process, because: "it offers no text-to-speech: is it the right program?")
            return
        }
        currentLink(of: slot)?.isOpen = true
        workers[slot.process]?.info = info
        let wasReady = pool.instances[slot.process.instance.index].isReady
        // A report that follows is of what was before.
        workers[slot.process]?.memory.units = 0
        if slot.index == 0 {
            let opened = workers[slot.process]?.openedAt ?? now
            workers[slot.process]?.openedAt = opened
            peakReached(by: slot.process, units: 0)
        }
        let declared = SlotDeclaration(slots: info.traits?.slots ?? 1, obeysCancel: info.traits?.cancel ?? false)
        let actions = pool.slotOpened(slot, declared: declared, now: now)
        // First, because some actions publish, and nothing is to be seen as ready before its voices are.
        if wasReady { publish() } else { noteIfReady(slot.process) }
        perform(actions)
    }

    /// Says that an instance serves, if it does. What it said of itself holds for its engine from then on: what is on
    /// trial may not come to serve.
    func noteIfReady(_ process: ProcessID) {
        let instance = pool.instances[process.instance.index]
        guard instance.isReady else { return publish() }
        log(.info, "An instance is ready.", process)
        if let info = workers[process]?.info, instance.revision == pool.revisions[instance.engine].current {
            infos[instance.engine] = info
            fingerprints[instance.engine] = Self.fingerprint(of: definition(of: process), info)
        }
        publish()
    }

    /// A digest of all that an engine's audio depends on besides the request: its configuration, and what its instances
    /// say of themselves.
    private static func fingerprint(of engine: SupervisorConfiguration.Engine, _ info: WyomingInfo) -> String {
        let environment = engine.ownEnvironment.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let names = [engine.name, info.program, info.version ?? ""]
        let hash = SHA256()
        for words in [names, engine.command, environment, info.voices.map(\.name).sorted()] {
            hash.update("\(words.count);".utf8)
            for word in words { hash.update(word: word) }
        }
        return Hexadecimal.text(hash.finalize())
    }

    /// The other end has closed a connection. Whether its process has ended, and how, is news that comes soon.
    func linkEnded(_ slot: SlotID, link number: Int) {
        let reason = "the connection was closed"
        guard let worker = workers[slot.process], let link = worker.links[slot.index], link.number == number else {
            return
        }
        guard link.isOpen, link.job != nil, worker.exit == nil, worker.pid != nil else {
            return linkBroke(slot, link: number, because: reason)
        }
        currentLink(of: slot)?.isAtEnd = true
        eventLoop.assumeIsolated().scheduleTask(in: Worker.newsTimeout) {
            self.assumeIsolated { $0.linkBroke(slot, link: number, because: reason) }
        }
    }

    /// A connection closed, or what came over it made no sense.
    func linkBroke(_ slot: SlotID, link number: Int, because reason: String) {
        guard let link = currentLink(of: slot), link.number == number else { return }
        if !link.isOpen && workers[slot.process]?.exit == nil {
            // It listens before it can answer.
            link.channel?.close(promise: nil)
            tryAgain(slot, link: number)
            return
        }
        drop(slot)
        if link.isOpen {
            if link.job != nil, workers[slot.process]?.isToEnd != true {
                log(.warning, "A worker's connection broke during a job.", slot.process, [.reason: "\(reason)"])
            }
            let canRestart = link.job.map { restart($0, because: .instanceLost) } ?? false
            let isCrash = workers[slot.process]?.hasCrashed ?? false
            perform(pool.slotClosed(slot, canRestart: canRestart, isCrash: isCrash, now: now))
        }
        buryIfQuiet(slot.process)
    }

    private func drop(_ slot: SlotID) {
        guard let link = workers[slot.process]?.links.removeValue(forKey: slot.index) else { return }
        link.nextAttempt?.cancel()
        link.channel?.close(promise: nil)
    }

    // MARK: End

    func signal(_ number: CInt, to process: ProcessID) {
        if let pid = workers[process]?.pid { keeper.signal(number, to: pid) }
    }

    func kill(_ process: ProcessID, because reason: String) {
        log(.warning, "A worker is killed.", process, [.reason: "\(reason)"])
        workers[process]?.isToEnd = true
        signal(SIGKILL, to: process)
    }

    /// Ends a worker that hangs, so that it tells where, and gives up its connections.
    func abort(_ process: ProcessID) {
        log(.error, "A worker hangs and is ended. What it tells of where it hangs follows.", process)
        workers[process]?.isToEnd = true
        workers[process]?.isAborted = true
        signal(SIGABRT, to: process)
        // One that was stopped hears of nothing else.
        signal(SIGCONT, to: process)
        for (index, link) in workers[process]?.links ?? [:] where link.isOpen {
            linkBroke(SlotID(process: process, index: index), link: link.number, because: "it hangs")
        }
    }

    /// The process is gone. What it said last may still be in its sockets, so its slots end when they have been read.
    private func exited(_ process: ProcessID, _ exit: ProcessKeeper.Exit, fatalWall: Int?) {
        guard let worker = workers[process] else { return }
        workers[process]?.exit = exit
        if exit == .signal(SIGKILL) { workers[process]?.fatalWall = fatalWall }
        memberEnded(process, exit)
        for (index, link) in worker.links {
            let slot = SlotID(process: process, index: index)
            if !link.isOpen {
                drop(slot)
            } else if link.isAtEnd {
                linkBroke(slot, link: link.number, because: "its process has ended")
            }
        }
        buryIfQuiet(process)
        // Something that escaped the process's group may hold its sockets and its output open.
        eventLoop.assumeIsolated().scheduleTask(in: Worker.lastWordsTimeout) {
            self.assumeIsolated { supervisor in
                supervisor.wroteLast(process)
                for (index, link) in supervisor.workers[process]?.links ?? [:] {
                    let slot = SlotID(process: process, index: index)
                    supervisor.linkBroke(slot, link: link.number, because: "its process has ended")
                }
            }
        }
    }

    private func buryIfQuiet(_ process: ProcessID) {
        guard let worker = workers[process], let exit = worker.exit, worker.links.isEmpty, !worker.isWriting else {
            return
        }
        workers[process] = nil
        unlink(worker.socketPath)
        let instance = pool.instances[process.instance.index]
        let ending = worker.fatalWall.map { "out of memory: its wall of \($0.inMebibytes)" } ?? "\(exit)"
        lastFailures[instance.engine] = Failure(ending: ending, lastWords: worker.lastWords)
        perform(pool.processExited(process, isCrash: worker.hasCrashed, now: now))
        publish()
        endOldTemplates(engine: instance.engine)
        let isWanted = pool.instances[process.instance.index].state != .stopped && !worker.isToEnd
        log(
            isWanted ? .warning : .debug,
            "A worker process ended.",
            process,
            [.exit: "\(ending)", .lastWords: "\(worker.lastWords.joined(separator: " / "))"]
        )
        if pool.instances[process.instance.index].state != .stopped { metrics.restarted(engine: instance.engine) }
    }

    // MARK: Names

    /// Where a process runs.
    func device(of process: ProcessID) -> Device { pool.devices[pool.instances[process.instance.index].device] }

    /// What a process is told of where it runs.
    func deviceName(for process: ProcessID) -> String {
        workers[process]?.mps == nil ? device(of: process).name : MPSGroup.deviceName
    }

    /// An instance's name, such as `espeak-0`: the engine's name and its number among the engine's instances.
    func name(of id: InstanceID) -> String {
        let engine = pool.instances[id.index].engine
        let number = pool.instances[..<id.index].count { $0.engine == engine }
        return "\(pool.configuration.engines[engine].name)-\(number)"
    }

    func log(
        _ level: Logger.Level,
        _ message: Logger.Message,
        _ process: ProcessID,
        _ metadata: Logger.Metadata = [:]
    ) {
        var metadata = metadata
        metadata[.instance] = "\(name(of: process.instance))"
        if let pid = workers[process]?.pid { metadata[.pid] = "\(pid)" }
        logger.log(level: level, message, metadata: metadata)
    }
}

extension PoolAction.Failing {
    /// In words, for the log.
    var reason: String {
        switch self {
        case .load: "it did not answer within load_timeout"
        case .rehearse: "it did not speak a sample that sounds like something"
        case .answer: "it did not answer on a new connection in time"
        case .end: "it did not end in time"
        }
    }
}

/// The keys of this target's log metadata.
extension String {
    static let instance = "worker.instance"
    static let pid = "worker.pid"
    static let line = "worker.line"
    static let exit = "worker.exit"
    static let lastWords = "worker.last_words"
    static let reason = "error.reason"
}
