import CSpawn
import Devices
import Glibc
import Logging
import NIOCore
import NIOPosix
import PoolCore
import SpeechCore

/// What the pool needs to know of memory, and what it wants done about it.
extension Supervisor {
    // MARK: Looking

    /// Looks at the memory of devices and workers, now, or again when somebody is looking already.
    /// - Parameter then: done when the pool knows what was seen after this.
    func readMemory(then: (@Sendable (isolated Supervisor) -> Void)? = nil) {
        guard let current = watch, !pool.isStopping else { return }
        guard !current.isReading else {
            watch?.isWantedAgain = true
            if let then { watch?.waitingForNext.append(then) }
            return
        }
        watch?.isReading = true
        watch?.isWantedAgain = false
        watch?.waiting = current.waitingForNext + (then.map { [$0] } ?? [])
        watch?.waitingForNext = []
        current.next?.cancel()
        let (monitor, footprints, taken) = (current.monitor, current.footprints, now)
        let pids = workers.filter { $0.value.exit == nil }.compactMapValues(\.pid)
        let onHost = pids.filter { device(of: $0.key).name == MemoryWatch.host }
        // Decisions hang on these.
        let anew = Set(onHost.keys.filter { pool.isUnread($0) })
        current.thread.submit { _ in
            let readings = monitor.read()
            let resident = pids.compactMapValues { monitor.residency(ofProcess: $0)?.residentBytes }
            let processes = footprints.read(onHost, resident: resident, anew: anew)
            let pressure = self.groups?.pressure
            self.onLoop { supervisor, _ in
                for (process, bytes) in resident { supervisor.workers[process]?.memory.seenResidentBytes = bytes }
                supervisor.saw(readings, processes, pids: pids, pressure: pressure, taken: taken)
            }
        }
    }

    private func saw(
        _ readings: [DeviceReading],
        _ onHost: [ProcessID: HeldMemory],
        pids: [ProcessID: pid_t],
        pressure: Double?,
        taken: Instant
    ) {
        watch?.saw(readings)
        guard let current = watch else { return }
        var reading = MemoryReading(taken: taken)
        reading.processes = onHost
        reading.processes.merge(heldOnGPUs(pids.filter { onHost[$0.key] == nil }, taken: taken)) { $1 }
        reading.devices = current.memory(
            heldOnHost: reading.processes.reduce(0) { sum, process in
                device(of: process.key).name == MemoryWatch.host ? sum + process.value.heldBytes : sum
            }
        )
        // Where workers have groups of their own, our own group's pressure is not theirs.
        reading.pressure = max(pressure ?? 0, current.reading(of: MemoryWatch.host)?.pressure ?? 0)
        perform(pool.memoryRead(reading, now: now))
        watch?.isReading = false
        let waiting = current.waiting
        watch?.waiting = []
        for done in waiting { done(self) }
        metrics.memory(pool)
        noteShortages()
        publish()
        if current.savedAt + MemoryWatch.saveInterval <= .now() { saveFigures() }
        if watch?.isWantedAgain == true {
            readMemory()
        } else if watch?.isReading == false {
            let interval = TimeAmount(configuration.memoryInterval)
            watch?.next = eventLoop.assumeIsolated().scheduleTask(in: interval) {
                self.assumeIsolated { $0.readMemory() }
            }
        }
    }

    /// What processes hold of GPUs' memory: what the driver says, if it knows them by our numbers. Else, once one has
    /// loaded, what it took then and has reserved since. Loads go one at a time on a device; so what the device has
    /// more than before and than our others hold is what the one that is loading took.
    private func heldOnGPUs(_ pids: [ProcessID: pid_t], taken: Instant) -> [ProcessID: HeldMemory] {
        var held: [ProcessID: HeldMemory] = [:]
        for (process, pid) in pids {
            guard let gpu = watch?.reading(of: device(of: process).name) else { continue }
            held[process] = workers[process]?.memory.held(driverBytes: gpu.processBytes[pid])
        }
        for process in pids.keys where held[process] == nil {
            guard let worker = workers[process], let gpu = watch?.reading(of: device(of: process).name) else {
                continue
            }
            let instance = pool.instances[process.instance.index]
            let others = held.reduce(0) { sum, other in
                pool.instances[other.key.instance.index].device == instance.device ? sum + other.value.heldBytes : sum
            }
            let grown = max(0, gpu.usedBytes - others - worker.deviceBytesBefore)
            // The first of its kind was measured when it was alone. That is more certain than another difference.
            let loaded = pool.figures(of: instance).floorBytes ?? grown
            if let opened = worker.openedAt, opened <= taken {
                workers[process]?.memory.loadedBytes = max(loaded, worker.memory.report?.reserved ?? 0)
                workers[process]?.memory.reservedAtLoad = worker.memory.report?.reserved
                held[process] = workers[process]?.memory.held(driverBytes: nil)
            } else {
                held[process] = HeldMemory(heldBytes: grown, ownBytes: grown)
            }
        }
        return held
    }

    /// Says, once, that an engine has fewer instances than it should.
    private func noteShortages() {
        for engine in order {
            let lacksRoom = pool.lacksRoom(engine: engine)
            guard lacksRoom != shortages.contains(engine) else { continue }
            let name = pool.configuration.engines[engine].name
            if lacksRoom {
                shortages.insert(engine)
                logger.warning(
                    "An engine has fewer instances than it should: there is no memory for more.",
                    metadata: [
                        "engine.name": "\(name)",
                        "engine.instances": "\(pool.liveInstances(engine: engine))",
                    ]
                )
            } else {
                shortages.remove(engine)
                logger.info("An engine has all its instances again.", metadata: ["engine.name": "\(name)"])
            }
        }
    }

    /// Nobody looks any more; what was measured is kept.
    /// - Parameter then: done when all is kept, or when a driver that never answers has kept us from it for long
    ///   enough.
    func stopWatching(then: @escaping @Sendable () -> Void) {
        guard let watch else { return then() }
        watch.next?.cancel()
        let kept = eventLoop.makePromise(of: Void.self)
        let timeout = eventLoop.scheduleTask(in: MemoryWatch.stopTimeout) { kept.succeed() }
        saveFigures { kept.succeed() }
        kept.futureResult.whenComplete { _ in
            timeout.cancel()
            watch.thread.shutdownGracefully { _ in }
            then()
        }
    }

    /// Figures of the definitions that have served. One on trial has none here: it may be given up.
    private var measured: [FiguresStore.Measured] {
        order.flatMap { engine -> [FiguresStore.Measured] in
            guard let revision = pool.revisions[engine].proven else { return [] }
            let plan = definition(engine: engine, revision: revision)
            return pool.figures[engine].enumerated().compactMap { device, figures in
                guard figures.floorBytes != nil, let model = watch?.reading(of: pool.devices[device].name)?.model else {
                    return nil
                }
                return FiguresStore.Measured(engine: plan, model: model, figures: figures)
            }
        }
    }

    /// Keeps what was measured.
    /// - Parameter then: done when it is kept, or cannot be.
    func saveFigures(then: @escaping @Sendable () -> Void = {}) {
        guard let current = watch, let store = current.store else { return then() }
        let measured = measured
        watch?.savedAt = .now()
        watch?.note(measured)
        current.thread.submit { _ in
            do throws(SystemError) {
                try store.save(measured)
            } catch {
                self.onLoop { supervisor, _ in supervisor.couldNotSave(error) }
            }
            then()
        }
    }

    /// Says it once: nothing will change by itself.
    private func couldNotSave(_ error: SystemError) {
        let level: Logger.Level = watch?.hasFailedToSave == true ? .debug : .warning
        watch?.hasFailedToSave = true
        logger.log(level: level, "What was measured could not be kept.", metadata: [.reason: "\(error)"])
    }

    // MARK: Peaks

    /// A worker has spoken a text of so many units. What it took of the host's memory is read soon.
    /// - Parameter then: done when the pool knows it, or cannot.
    func peakReached(
        by process: ProcessID,
        units: Int,
        then: @escaping @Sendable (isolated Supervisor) -> Void = { _ in }
    ) {
        guard let watch, let worker = workers[process], let pid = worker.pid else { return then(self) }
        workers[process]?.memory.units = max(worker.memory.units, units)
        guard device(of: process).name == MemoryWatch.host, !worker.memory.isBeingRead,
            worker.memory.peakReadAt + WorkerMemory.peakInterval <= .now()
        else { return then(self) }
        workers[process]?.memory.isBeingRead = true
        workers[process]?.memory.peakReadAt = .now()
        let busySlots = max(1, pool.instances[process.instance.index].busySlots)
        watch.thread.submit { [monitor = watch.monitor] _ in
            let residency = monitor.residency(ofProcess: pid)
            monitor.resetPeak(ofProcess: pid)
            self.onLoop { supervisor, _ in
                supervisor.peakWasRead(process, residency, busySlots: busySlots)
                then(supervisor)
            }
        }
    }

    private func peakWasRead(_ process: ProcessID, _ residency: Residency?, busySlots: Int) {
        guard let memory = workers[process]?.memory, let residency else { return }
        workers[process]?.memory.isBeingRead = false
        workers[process]?.memory.residentBytes = residency.residentBytes
        workers[process]?.memory.units = 0
        guard let before = memory.residentBytes, memory.units > 0 else { return }
        let bytes = (residency.peakBytes - before) / busySlots
        pool.peakMeasured(process, units: memory.units, bytes: bytes)
    }

    /// A worker said how much of a GPU's memory it uses.
    func memoryReported(_ data: [String: JSONValue], by process: ProcessID) {
        guard case .object(let cuda)? = data["cuda"] else { return }
        func bytes(_ key: String) -> Int? {
            if case .integer(let number)? = cuda[key], (0...1 << 50).contains(number) { number } else { nil }
        }
        guard let memory = workers[process]?.memory, let allocated = bytes("allocated"),
            let reserved = bytes("reserved")
        else { return }
        let peak = max(bytes("peak_reserved") ?? 0, bytes("peak") ?? 0)
        workers[process]?.memory.report = CUDAReport(allocated: allocated, reserved: reserved, peak: peak)
        if memory.loadedBytes != nil, memory.reservedAtLoad == nil {
            workers[process]?.memory.reservedAtLoad = reserved
        }
        guard memory.units > 0, let before = memory.report?.allocated else { return }
        workers[process]?.memory.units = 0
        pool.peakMeasured(process, units: memory.units, bytes: peak - before)
    }

    // MARK: Walls

    /// What a process may allocate beyond its budget without touching it: the kernel's limit counts both. LZMA at its
    /// highest level, which ChatTTS uses, allocates 0.7 GiB and touches a few pages.
    private static let untouchedBytes = 1 << 30

    /// Lets the kernel refuse a process on the host more than its budget, instead of letting it starve its neighbours.
    func limit(_ process: ProcessID, memoryBytes: Int) {
        guard let watch, let pid = workers[process]?.pid, device(of: process).name == MemoryWatch.host else { return }
        let group = groupName(of: process)
        watch.thread.submit { [monitor = watch.monitor] _ in
            if let group, self.groups?.limit(group, memoryBytes: memoryBytes) == true { return }
            guard let memory = monitor.memory(ofProcess: pid) else { return }
            let more = max(0, memoryBytes - memory.proportionalBytes) + Self.untouchedBytes
            let error = chorus_limit_data(pid, more)
            if error != 0, error != ESRCH {
                let reason = SystemError("limit a worker's memory", number: error)
                self.logger.warning("A worker's memory is not limited.", metadata: [.reason: "\(reason)"])
            }
        }
    }

    /// Ends a process that is not needed, or does harm, and says why.
    func terminate(_ process: ProcessID, because cause: PoolAction.Cause) {
        let reason: String? =
            switch cause {
            case .poolEnds: nil
            case .roomNeeded: "others have taken the memory of its device, the reserve included"
            case .overBudget: "it holds more than its budget, and nothing is left for others"
            case .memoryCreeps: "what it holds between jobs grows"
            case .badAudio: "it made audio that others made better"
            case .recycled, .replaced, .notWanted, .asked: nil
            }
        if let reason {
            log(.warning, "An instance is ended.", process, [.reason: "\(reason)"])
        } else if cause != .poolEnds {
            log(.info, "An instance is ended: another one takes its place, or it is not needed.", process)
        }
        if cause != .poolEnds { metrics.retired(engine: pool.instances[process.instance.index].engine, cause) }
        workers[process]?.isToEnd = true
        signal(SIGTERM, to: process)
    }
}
