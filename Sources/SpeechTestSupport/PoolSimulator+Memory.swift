import PoolCore

extension PoolSimulator {
    /// The true memory of devices and need of engines. The pool knows only the parts that it is told.
    package struct Memory: Sendable {
        /// By their names. One that is not here cannot be read.
        package var devices: [String: Device]
        /// The needs of the engines' first definitions, by the engines' indices.
        package var engines: [Engine]
        /// The bytes that others used of each device when a reading was taken that the pool has not heard yet.
        var foreignBytesRead: [Instant: [String: Int?]] = [:]

        package init(devices: [String: Device], engines: [Engine]) {
            self.devices = devices
            self.engines = engines
        }

        /// A device's memory.
        package struct Device: Sendable {
            /// All that it has, in bytes.
            package var totalBytes: Int
            /// What others use of it, in bytes.
            package internal(set) var foreignBytes = 0
            /// The part of that that the pool was told last, in bytes; `nil` if the device's uses added up to more than
            /// it has, so that nobody could tell.
            var toldForeignBytes: Int? = 0
            /// When the last process ended there.
            var lastExit = Instant.start
            /// The memory of ended processes that is not released yet.
            var remains: [Remains] = []

            package init(totalBytes: Int) {
                self.totalBytes = totalBytes
            }
        }

        /// An engine's need.
        package struct Engine: Sendable {
            /// Bytes that all its processes on a device share.
            package var sharedBytes: Int
            /// Bytes that each process has besides.
            package var ownBytes: Int
            /// Bytes that a text needs above that for each of its units.
            package var peakBytesPerUnit: Int
            /// Bytes that each job leaves behind.
            package var leakBytes: Int
            /// Whether a process keeps a job's memory for its next job.
            package var keepsCache: Bool

            package init(
                sharedBytes: Int,
                ownBytes: Int,
                peakBytesPerUnit: Int,
                leakBytes: Int,
                keepsCache: Bool
            ) {
                self.sharedBytes = sharedBytes
                self.ownBytes = ownBytes
                self.peakBytesPerUnit = peakBytesPerUnit
                self.leakBytes = leakBytes
                self.keepsCache = keepsCache
            }

            func peakBytes(units: Int) -> Int { peakBytesPerUnit * units }
        }

        /// The memory of an ended process that is not released yet.
        struct Remains: Sendable {
            let process: ProcessID
            let died: Instant
            var bytes: Int
            /// The bytes of it that the pool could know.
            var knownBytes: Int
        }
    }

    // MARK: True use

    /// Bytes that a process adds to the use of its device, without its shared memory.
    func ownBytes(of process: Process, peaksShare: Double = 1) -> Int {
        guard let need = need(of: process), process.life != .spawning else { return 0 }
        guard process.hasAnswered else { return need.ownBytes / 2 }
        let atWork = process.life == .dead ? process.peakBytes : Int(Double(process.peakBytes) * peaksShare)
        return need.ownBytes + process.creepBytes + max(process.cacheBytes, atWork)
    }

    /// How many processes share the memory of a process's kind on its device.
    func sharers(with process: Process) -> Int {
        processes(on: process.device).count { $0.hasAnswered && $0.kind == process.kind }
    }

    /// Bytes that processes share within their kinds, over all kinds.
    private func sharedBytes(of processes: [Process]) -> Int {
        Set(processes.map(\.kind)).reduce(0) { $0 + (definitions[$1]?.memory?.sharedBytes ?? 0) }
    }

    /// Bytes of a device that processes use, the remains of ended ones included.
    func usedBytes(on device: String, peaksShare: Double = 1) -> Int {
        guard let own = memory?.devices[device] else { return 0 }
        return sharedBytes(of: processes(on: device).filter(\.hasAnswered)) + own.remains.reduce(0) { $0 + $1.bytes }
            + processes(on: device).reduce(0) { $0 + ownBytes(of: $1, peaksShare: peaksShare) }
    }

    /// The reading that this moment gives.
    func reading(peaksShare: Double, pressure: Double) -> MemoryReading {
        var reading = MemoryReading(taken: now)
        reading.pressure = pressure
        for (name, device) in memory?.devices ?? [:] {
            let used = device.foreignBytes + usedBytes(on: name, peaksShare: peaksShare)
            reading.devices[name] = DeviceMemory(
                totalBytes: device.totalBytes,
                usedBytes: min(device.totalBytes, used)
            )
        }
        for process in processes() where process.life == .living && memory?.devices[process.device] != nil {
            let own = ownBytes(of: process, peaksShare: peaksShare)
            let sharers = process.hasAnswered ? sharers(with: process) : 0
            let shared = sharers > 0 ? (need(of: process)?.sharedBytes ?? 0) / sharers : 0
            reading.processes[process.id] = HeldMemory(
                heldBytes: own + shared,
                ownBytes: sharers == 1 ? own + shared : own,
                cacheBytes: max(0, process.cacheBytes - Int(Double(process.peakBytes) * peaksShare))
            )
        }
        return reading
    }

    /// What others use of each device, if a reading of this moment can show it.
    func foreignBytes(peaksShare: Double) -> [String: Int?] {
        var bytes: [String: Int?] = [:]
        for (name, device) in memory?.devices ?? [:] {
            let used = device.foreignBytes + usedBytes(on: name, peaksShare: peaksShare)
            bytes[name] = .some(used <= device.totalBytes ? device.foreignBytes : nil)
        }
        return bytes
    }

    // MARK: What becomes of it

    /// What a reading tells the pool.
    mutating func take(_ reading: MemoryReading) {
        lastReading = reading
        isUnderPressure = reading.pressure > pool.configuration.pressureLimit
        let foreign = memory?.foreignBytesRead.removeValue(forKey: reading.taken) ?? [:]
        for (name, device) in memory?.devices ?? [:] where reading.devices[name] == nil {
            // Of a device that cannot be read the pool takes what is left to be released after a while.
            guard device.lastExit.duration(to: reading.taken) > Pool.releaseTimeout else { continue }
            for index in device.remains.indices { memory?.devices[name]?.remains[index].knownBytes = 0 }
        }
        for name in reading.devices.keys {
            guard let device = memory?.devices[name], reading.taken >= device.lastExit else { continue }
            memory?.devices[name]?.toldForeignBytes = foreign[name] ?? nil
            for index in device.remains.indices where device.remains[index].died <= reading.taken {
                memory?.devices[name]?.remains[index].knownBytes = device.remains[index].bytes
            }
        }
        for (process, told) in reading.processes {
            guard let known = self[process], known.serves, reading.devices[known.device] != nil,
                reading.taken >= memory?.devices[known.device]?.lastExit ?? .start
            else { continue }
            processes[process.instance.index]?.knownCacheBytes = min(known.cacheBytes, told.cacheBytes)
            let wasIdle = known.slots.allSatisfy { $0.idleSince.map { $0 <= reading.taken } ?? false }
            guard wasIdle else { continue }
            processes[process.instance.index]?.knownCreepBytes = known.creepBytes
            processes[process.instance.index]?.wasReadIdle = true
        }
    }

    /// A process has ended: what it held stays for a while.
    mutating func leaveRemains(of process: Process) {
        memory?.devices[process.device]?.lastExit = now
        let isLast = process.hasAnswered && sharers(with: process) == 1
        let shared = isLast ? need(of: process)?.sharedBytes ?? 0 : 0
        let bytes = ownBytes(of: process) + shared
        guard bytes > 0 else { return }
        let known = min(bytes, knownOwnBytes(of: process) + (isFloorKnown(process) ? shared : 0))
        let remains = Memory.Remains(process: process.id, died: now, bytes: bytes, knownBytes: known)
        memory?.devices[process.device]?.remains.append(remains)
    }

    // MARK: What the pool can know

    /// Whether the pool knows what a process like this has when it is idle.
    func isFloorKnown(_ process: Process) -> Bool {
        figures(of: process).floorBytes != nil
    }

    /// What a process adds on its device, as far as the pool can know, what it shares apart.
    func knownOwnBytes(of process: Process) -> Int {
        let peaks = max(process.knownCacheBytes, process.peaks.values.reduce(0) { $0 + $1.knownBytes })
        guard let need = need(of: process), isFloorKnown(process) else { return peaks }
        return need.ownBytes + process.knownCreepBytes + peaks
    }

    /// What is spoken for on a device, as far as the pool can know: what others use, what is left of the dead, and our
    /// processes with all their jobs at their peaks. `nil` if it cannot know.
    func spokenFor(on device: String) -> Int? {
        guard let own = memory?.devices[device], let foreign = own.toldForeignBytes else { return nil }
        let living = processes(on: device)
        return foreign + own.remains.reduce(0) { $0 + $1.knownBytes }
            + sharedBytes(of: living.filter(isFloorKnown))
            + living.reduce(0) { $0 + knownOwnBytes(of: $1) }
    }

    /// What is free of a device when its jobs need what the pool takes them to need. `nil` if the pool cannot know:
    /// what a process has that was never idle is a guess.
    func predictedFreeBytes(of device: String) -> Int? {
        guard let own = memory?.devices[device], own.toldForeignBytes != nil,
            processes(on: device).allSatisfy({ $0.wasReadIdle || $0.peaks.isEmpty })
        else { return nil }
        let excess = processes(on: device).reduce(0) { sum, process in
            let predicted = process.peaks.values.reduce(0) { $0 + max($1.bytes, $1.predictedBytes) }
            return sum + max(process.cacheBytes, predicted) - max(process.cacheBytes, process.peakBytes)
        }
        return own.totalBytes - own.foreignBytes - usedBytes(on: device) - excess
    }

    /// What the pool may give out of a device, in bytes; `nil` if it does not know how much it has.
    func usableBytes(of device: String) -> Int? {
        guard pool.devices[index(of: device)].memory != nil, let own = memory?.devices[device] else { return nil }
        return own.totalBytes - (pool.configuration.reserveBytes ?? Pool.defaultReserveBytes(of: own.totalBytes))
    }
}
