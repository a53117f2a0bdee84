/// What a pool comes to be on some devices, and how long utterances wait in it: the very pool that serves, in virtual
/// time and with instances that are nothing but figures.
///
/// Every engine needs figures for each device of which the memory is known.
package struct Forecast: Sendable {
    /// The pool, with everything loaded that is to be and fits.
    package private(set) var pool: Pool
    private let seed: UInt64

    /// - Parameter seed: for the utterances; the same seed gives the same forecast.
    package init(_ configuration: PoolConfiguration, seed: UInt64 = 1) {
        pool = Pool(configuration: configuration, seed: seed)
        self.seed = seed
        load()
    }

    /// Lets utterances come to the loaded pool, and tells how long they waited.
    package func run(_ traffic: ForecastTraffic) -> ForecastWaits {
        var run = ForecastRun(pool: pool, traffic: traffic, seed: seed)
        return run.finish()
    }

    /// Does what the pool asks for until it asks for nothing more: processes are made and load in no time.
    private mutating func load() {
        var actions = pool.started(now: .start)[...]
        while let action = actions.popFirst() {
            switch action {
            case .spawn(let process, _, _, _):
                actions += pool.processSpawned(process, now: .start)
            case .open(let slot):
                actions += pool.slotOpened(slot, declared: SlotDeclaration(), now: .start)
            case .readMemory:
                actions += pool.memoryRead(reading, now: .start)
            case .measure(let slot):
                actions += pool.measured(slot.process, now: .start)
            case .limit, .release, .setTimer, .cancelTimer, .run, .interrupt, .terminate, .abort, .kill, .end, .drained,
                .ask, .rehearse, .reportParked, .reportRolledBack, .reportStartFailed:
                // Nothing is late, nothing is at work, and nothing has to go again.
                break
            }
        }
    }

    /// The memory as it is when what has loaded holds what the figures say.
    private var reading: MemoryReading {
        var reading = MemoryReading(taken: .start)
        for device in pool.devices.indices {
            guard var memory = pool.configuration.memory[pool.devices[device].name] else { continue }
            for engine in pool.configuration.engines.indices {
                let figures = pool.figures[engine][device]
                let peers = pool.instances.filter {
                    $0.engine == engine && $0.device == device && $0.isServing
                }
                guard let floor = figures.floorBytes, !peers.isEmpty else { continue }
                let added = figures.floor(besideOthers: true)
                let held = (floor + added * (peers.count - 1)) / peers.count
                for peer in peers {
                    reading.processes[peer.process] = HeldMemory(heldBytes: held, ownBytes: added)
                }
                memory.usedBytes += held * peers.count
            }
            reading.devices[pool.devices[device].name] = memory
        }
        return reading
    }
}
