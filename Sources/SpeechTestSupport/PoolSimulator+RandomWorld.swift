import PoolCore

extension PoolSimulator.RandomWalk {
    /// A pool and its world. In two of three there is memory to run out of.
    static func world(using random: inout SplitMix64) -> PoolSimulator {
        let devices = ["cpu", "cuda:0", "cuda:1"].prefix(Int.random(in: 1...3, using: &random))
        let engines = (0..<Int.random(in: 1...3, using: &random)).map { index in
            engine(index, on: Array(devices), using: &random)
        }
        var configuration = PoolConfiguration(engines: engines)
        configuration.maxJobs = Int.random(in: 1...12, using: &random)
        configuration.maxJobsPerTenant = Int.random(in: 1...8, using: &random)
        configuration.maxWait = .milliseconds([100, 1_000, 20_000].random(using: &random))
        configuration.maxBulkWait = .seconds(Int.random(in: 1...40, using: &random))
        configuration.maxQueuedBytes = [1_000, 64 << 20].random(using: &random)
        configuration.standingTarget = .milliseconds(Int.random(in: 10...2_000, using: &random))
        configuration.standingInterval = .milliseconds(Int.random(in: 10...2_000, using: &random))
        configuration.tenantWeights = ["a": 4]
        configuration.drainTimeout = .seconds(Int.random(in: 1...30, using: &random))
        configuration.memoryPatience = [.milliseconds(1), .milliseconds(100), .seconds(2)].random(using: &random)
        configuration.measureTimeout = .seconds(Int.random(in: 1...10, using: &random))
        configuration.restartLimit = [2, 5, 1_000].random(using: &random)
        configuration.startLimit = .max
        configuration.reserveBytes = [nil, 256 << 20].random(using: &random)
        let declarations = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            SlotDeclaration(slots: Int.random(in: 1...3, using: &random), obeysCancel: Bool.random(using: &random))
        }
        let memory = Int.random(in: 0..<3, using: &random) > 0 ? memory(for: &configuration, using: &random) : nil
        return PoolSimulator(
            configuration: configuration,
            declarations: declarations,
            memory: memory,
            seed: random.next()
        )
    }

    private static func engine(
        _ index: Int,
        on devices: [String],
        using random: inout SplitMix64
    ) -> PoolConfiguration.Engine {
        let placements = devices.shuffled(using: &random).prefix(Int.random(in: 1...devices.count, using: &random)).map
        {
            PoolConfiguration.Placement(device: $0, maximum: Int.random(in: 1...3, using: &random))
        }
        let places = placements.reduce(0) { $0 + $1.maximum }
        let least = min(places, Int.random(in: 1...4, using: &random))
        var engine = PoolConfiguration.Engine(
            name: "engine-\(index)",
            placements: placements,
            instances: least...[least, least + 1, 256].random(using: &random),
            maxRunning: [nil, nil, 1, 2].random(using: &random),
            loadTimeout: .seconds(Int.random(in: 1...10, using: &random))
        )
        engine.spares = [0, 0, 0, min(1, least - 1)].random(using: &random)
        engine.maxJobs = [nil, nil, 20].random(using: &random)
        engine.maxAge = [nil, nil, .seconds(60)].random(using: &random)
        return engine
    }

    /// What is true of memory, and what the pool knows of it from its last life.
    private static func memory(
        for configuration: inout PoolConfiguration,
        using random: inout SplitMix64
    ) -> PoolSimulator.Memory {
        var memory = PoolSimulator.Memory(devices: [:], engines: [])
        for device in Set(configuration.engines.flatMap(\.placements).map(\.device)).sorted() {
            // Some cannot be read, and some only later.
            guard Int.random(in: 0..<10, using: &random) > 0 else { continue }
            let total = [3, 6, 12, 24].random(using: &random) << 30
            memory.devices[device] = PoolSimulator.Memory.Device(totalBytes: total)
            guard Int.random(in: 0..<10, using: &random) > 0 else { continue }
            configuration.memory[device] = DeviceMemory(totalBytes: total, usedBytes: 0)
        }
        for index in configuration.engines.indices {
            let engine = need(using: &random)
            memory.engines.append(engine)
            guard Bool.random(using: &random) else { continue }
            for placement in configuration.engines[index].placements {
                configuration.engines[index].figures[placement.device] = figures(of: engine)
            }
        }
        return memory
    }

    /// A random need of memory for an engine.
    static func need(using random: inout SplitMix64) -> PoolSimulator.Memory.Engine {
        PoolSimulator.Memory.Engine(
            sharedBytes: [0, 0, 1, 3].random(using: &random) << 30,
            ownBytes: [100, 500, 1000, 2500].random(using: &random) << 20,
            peakBytesPerUnit: [0, 1, 3, 10].random(using: &random) << 20,
            leakBytes: [0, 0, 100, 300].random(using: &random) << 20,
            keepsCache: Bool.random(using: &random)
        )
    }

    /// An engine's figures, as an earlier run of the pool measured them.
    static func figures(of engine: PoolSimulator.Memory.Engine) -> EngineFigures {
        var figures = EngineFigures(
            floorBytes: engine.sharedBytes + engine.ownBytes,
            addedBytes: engine.sharedBytes > 0 ? engine.ownBytes : nil
        )
        for units in [10, 100, 300] {
            figures.peakBytes.observe(units: units, value: Double(engine.peakBytes(units: units)))
            // As often as it takes until predictions are believed.
            for _ in 0..<8 { figures.seconds.observe(units: units, value: 0.01 * Double(units)) }
        }
        return figures
    }
}
