@testable import PoolCore

/// So many GiB, in bytes.
func gib(_ count: Double) -> Int { Int(count * Double(1 << 30)) }

extension PoolConfiguration {
    /// One engine on cards of 10 GiB, of which 1 GiB is reserved. An instance has 2 GiB and needs 1 MiB more for each
    /// unit of a text, 1 GiB for the largest. Nothing of that is known unless it was measured.
    static func cards(_ count: Int = 1, instances: ClosedRange<Int>, isMeasured: Bool = true) -> PoolConfiguration {
        let devices = (0..<count).map { "cuda:\($0)" }
        var engine = PoolConfiguration.Engine(
            name: "engine",
            placements: devices.map { PoolConfiguration.Placement(device: $0, maximum: 8) },
            instances: instances
        )
        engine.largestUnits = 1024
        if isMeasured { for device in devices { engine.figures[device] = .measured } }
        var configuration = PoolConfiguration(engines: [engine])
        configuration.reserveBytes = gib(1)
        for device in devices { configuration.memory[device] = DeviceMemory(totalBytes: gib(10), usedBytes: 0) }
        return configuration
    }
}

extension EngineFigures {
    /// A floor of 2 GiB, and 1 MiB for each unit.
    static var measured: EngineFigures {
        var figures = EngineFigures(floorBytes: gib(2))
        for units in [128, 512, 1024] { figures.peakBytes.observe(units: units, value: Double(units << 20)) }
        return figures
    }
}

extension Stage {
    /// All that may be loaded has been, and holds 2 GiB.
    init(loaded configuration: PoolConfiguration, slots: Int = 1, obeysCancel: Bool = false) {
        self.init(configuration)
        at(0) { $0.started(now: $1) }
        load(slots: slots, obeysCancel: obeysCancel, at: 0)
    }

    /// Brings all processes that are being made, and those that follow them, to where they serve and were read.
    mutating func load(slots: Int = 1, obeysCancel: Bool = false, at seconds: Double) {
        while let process = pool.instances.first(where: { $0.state == .starting })?.process {
            serve(process, slots: slots, obeysCancel: obeysCancel, at: seconds)
            read(at: seconds)
        }
    }

    /// Reads the memory.
    /// - Parameters:
    ///   - held: what processes hold that do not hold 2 GiB; `nil` of one that cannot be read.
    ///   - foreign: what others use of each device.
    ///   - taken: when it was read, if it was not now.
    @discardableResult
    mutating func read(
        _ held: [ProcessID: Int?] = [:],
        foreign: [String: Int] = [:],
        pressure: Double = 0,
        taken: Double? = nil,
        at seconds: Double
    ) -> [PoolAction] {
        var reading = MemoryReading(taken: moment(taken ?? seconds))
        reading.pressure = pressure
        for (name, memory) in pool.configuration.memory {
            reading.devices[name] = DeviceMemory(totalBytes: memory.totalBytes, usedBytes: foreign[name] ?? 0)
        }
        for instance in pool.instances where instance.hasProcess && instance.state != .starting {
            let bytes = held[instance.process] ?? gib(2)
            reading.devices[pool.devices[instance.device].name]?.usedBytes += bytes ?? gib(2)
            if let bytes { reading.processes[instance.process] = HeldMemory(heldBytes: bytes, ownBytes: bytes) }
        }
        return at(seconds) { $0.memoryRead(reading, now: $1) }
    }

    /// Lets a job of so many units arrive.
    @discardableResult
    mutating func arrive(
        _ number: UInt64,
        units: Int,
        engine: Int = 0,
        jobClass: JobClass = .standard,
        at seconds: Double
    ) -> [PoolAction] {
        switch admit(number, units: units, engine: engine, jobClass: jobClass, at: seconds) {
        case .accepted(let actions): note(actions)
        case .refused: []
        }
    }

    /// Lets a job of so many units arrive that is probably refused.
    mutating func admit(
        _ number: UInt64,
        units: Int,
        engine: Int = 0,
        jobClass: JobClass = .standard,
        isContinuation: Bool = false,
        at seconds: Double
    ) -> Admission {
        let request = JobRequest(
            id: JobID(number),
            engine: engine,
            tenant: "a",
            isContinuation: isContinuation,
            jobClass: jobClass,
            units: units
        )
        return admit(request, at: seconds)
    }

    /// Tells the peak of a job.
    mutating func peakMeasured(_ process: ProcessID, units: Int, bytes: Int, at seconds: Double) {
        at(seconds) { pool, _ in
            pool.peakMeasured(process, units: units, bytes: bytes)
            return []
        }
    }

    /// Instances that serve.
    var ready: Int { pool.instances.count { $0.isReady } }
}

extension [PoolAction] {
    /// The jobs that are run, and where.
    var runs: [PoolAction] { filter { if case .run = $0 { true } else { false } } }

    /// The processes that are made.
    var spawns: [ProcessID] { compactMap { if case .spawn(let process, _, _, _) = $0 { process } else { nil } } }

    /// The processes that are told to end, and why.
    var terminations: [PoolAction] { filter { if case .terminate = $0 { true } else { false } } }

    /// How jobs end.
    var ends: [PoolAction] { filter { if case .end = $0 { true } else { false } } }
}
