import ArgumentParser
import PoolCore

/// `PoolLab events`.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "What an event of the pool costs, in a small pool and in a large one.",
        discussion: "Times are means. A missed aim is marked, and is no failure."
    )

    @Argument(help: "Which pools: small, large; both if none is named.") var pools: [String] = []

    func run() {
        for world in [EventWorld.small, .large] where pools.isEmpty || pools.contains(world.name) {
            complain("\(world.name): \(world.instances) instances, \(world.waiting) waiting")
            var bench = EventBench(world)
            print(Figure.table(bench.figures()) + "\n")
        }
    }
}

/// How large a pool is, and what its events may cost.
struct EventWorld {
    var name: String
    var instances: Int
    var devices: Int
    var waiting: Int
    var tenants: Int
    var streams: Int
    /// The aims, in microseconds.
    var arrival, completion, audio, tick, crash: Double

    static let small = EventWorld(
        name: "small",
        instances: 8,
        devices: 2,
        waiting: 100,
        tenants: 10,
        streams: 8,
        arrival: 10,
        completion: 10,
        audio: 1,
        tick: 50,
        crash: 50
    )
    static let large = EventWorld(
        name: "large",
        instances: 1_000,
        devices: 128,
        waiting: 100_000,
        tenants: 10_000,
        streams: 5_000,
        arrival: 50,
        completion: 50,
        audio: 3,
        tick: 3_000,
        crash: 500
    )
}

/// A pool with all instances at work and a full queue, and a shell that does at once what the pool asks for.
struct EventBench {
    private let world: EventWorld
    private var pool: Pool
    private var now = Instant.start
    private var lastJob: UInt64 = 0
    private var random = SplitMix64(seed: 1)
    /// The running jobs and their slots, the oldest first.
    private var running: [(job: JobID, slot: SlotID)] = []
    private var spent: [String: (time: Duration, count: Int)] = [:]

    private static let gib = 1 << 30
    private static let units = 60
    /// The time that a job of so many units takes.
    private static let jobTime = Duration.milliseconds(30)

    init(_ world: EventWorld) {
        self.world = world
        let devices = (0..<world.devices).map { "cuda:\($0)" }
        let each = (world.instances + world.devices - 1) / world.devices
        var engine = PoolConfiguration.Engine(
            name: "voice",
            placements: devices.map { .init(device: $0, maximum: each) },
            instances: world.instances...world.instances
        )
        var figures = EngineFigures(floorBytes: 2 * Self.gib)
        for step in 1...8 {
            figures.peakBytes.observe(units: 40 * step, value: Double(Self.gib) / 4 + Double(step))
            for _ in 0..<4 { figures.seconds.observe(units: 40 * step, value: 0.02 * Double(step)) }
            for _ in 0..<4 { figures.audioSeconds.observe(units: 40 * step, value: 2.6 * Double(step)) }
        }
        for device in devices { engine.figures[device] = figures }
        var configuration = PoolConfiguration(engines: [engine])
        for device in devices { configuration.memory[device] = DeviceMemory(totalBytes: 40 * Self.gib, usedBytes: 0) }
        configuration.maxJobs = 1 << 20
        configuration.maxJobsPerTenant = 1 << 20
        configuration.maxQueuedBytes = 1 << 40
        configuration.maxWait = .seconds(86_400)
        configuration.maxBulkWait = .seconds(86_400)
        pool = Pool(configuration: configuration, seed: 1)
        perform(pool.started(now: now))
        readMemory()
        for number in 0..<world.waiting + world.instances { arrive(asPartOf: number % world.tenants) }
        // Enough on each device that what is predicted is believed.
        for _ in 0..<20 * world.devices { complete() }
        spent = [:]
    }

    // MARK: Events

    mutating func figures() -> [Figure] {
        for _ in 0..<3000 {
            arrive(anew: Int(lastJob) % world.tenants, isLong: false)
            arrive(anew: Int(lastJob) % world.tenants, isLong: true)
            complete()
            complete()
            for _ in 0..<10 { audio() }
        }
        for _ in 0..<10 {
            tick()
            readMemory()
            crash()
        }
        return [
            figure("arrival", atMost: world.arrival),
            figure("arrival of a text of ten jobs", atMost: world.arrival),
            figure("completion, and the next begins", atMost: world.completion),
            figure("a piece of audio", atMost: world.audio),
            figure("tick", atMost: world.tick),
            figure("memory reading", atMost: world.tick),
            figure("crash, and its job waits again", atMost: world.crash),
        ]
    }

    private func figure(_ name: String, atMost: Double) -> Figure {
        let (time, count) = spent[name] ?? (.zero, 1)
        return Figure("\(world.name): \(name)", time / .microseconds(count), "µs", atMost: atMost)
    }

    private mutating func timed<Answer>(_ name: String, _ event: (inout Pool) -> Answer) -> Answer {
        let start = ContinuousClock.now
        let answer = event(&pool)
        spent[name, default: (.zero, 0)].time += start.duration(to: .now)
        spent[name, default: (.zero, 0)].count += 1
        return answer
    }

    private mutating func request(of tenant: Int) -> JobRequest {
        lastJob += 1
        return JobRequest(id: JobID(lastJob), engine: 0, tenant: "tenant-\(tenant)", units: Self.units)
    }

    /// A part of an utterance comes, which is not refused.
    private mutating func arrive(asPartOf tenant: Int) {
        var request = request(of: tenant)
        request.isContinuation = true
        request.stream = Int(lastJob) <= world.streams ? StreamID(lastJob) : nil
        if case .accepted(let actions) = pool.jobArrived(request, now: now) { perform(actions) }
    }

    private mutating func arrive(anew tenant: Int, isLong: Bool) {
        var request = request(of: tenant)
        if isLong {
            (request.stream, request.laterUnits, request.laterJobs) = (StreamID(lastJob), 9 * Self.units, 9)
        }
        let (now, new) = (now, request)
        let name = isLong ? "arrival of a text of ten jobs" : "arrival"
        if case .accepted(let actions) = timed(name, { $0.jobArrived(new, now: now) }) { perform(actions) }
        // It goes no further.
        if isLong { pool.streamEnded(StreamID(lastJob)) }
    }

    private mutating func complete() {
        let (job, slot) = running.removeFirst()
        now = now.advanced(by: Self.jobTime / world.instances * Double.random(in: 0.5...1.5, using: &random))
        let now = now
        let actions = timed("completion, and the next begins") {
            $0.jobEnded(job, on: slot, outcome: .completed, audio: .seconds(4), now: now)
        }
        perform(actions)
    }

    private mutating func audio() {
        let job = running[Int(lastJob) % running.count].job
        let now = now
        _ = timed("a piece of audio") { $0.audioArrived(job, duration: .milliseconds(100), now: now) }
    }

    private mutating func tick() {
        now = now.advanced(by: .milliseconds(1))
        let now = now
        perform(timed("tick") { $0.timePassed(now: now) })
    }

    private mutating func readMemory() {
        var reading = MemoryReading(taken: now)
        for device in pool.devices {
            let count = pool.instances.count { pool.devices[$0.device].name == device.name && $0.hasProcess }
            reading.devices[device.name] = DeviceMemory(totalBytes: 40 * Self.gib, usedBytes: count * 2 * Self.gib)
        }
        for instance in pool.instances where instance.hasProcess {
            reading.processes[instance.process] = HeldMemory(heldBytes: 2 * Self.gib, ownBytes: 2 * Self.gib)
        }
        let (now, read) = (now, reading)
        perform(timed("memory reading") { $0.memoryRead(read, now: now) })
    }

    private mutating func crash() {
        let slot = running.removeFirst().slot
        let now = now
        let actions = timed("crash, and its job waits again") { pool in
            pool.slotClosed(slot, canRestart: true, isCrash: true, now: now)
                + pool.processExited(slot.process, isCrash: true, now: now)
        }
        perform(actions)
    }

    // MARK: The shell

    private mutating func perform(_ actions: [PoolAction]) {
        var left = actions[...]
        while let action = left.popFirst() {
            switch action {
            case .spawn(let process, _, _, _): left += pool.processSpawned(process, now: now)
            case .open(let slot): left += pool.slotOpened(slot, declared: SlotDeclaration(), now: now)
            case .measure(let slot): left += pool.measured(slot.process, now: now)
            case .run(let job, let slot): running.append((job, slot))
            case .setTimer(let timer, let at):
                guard case .restart = timer.purpose else { continue }
                now = max(now, at)
                left += pool.timerFired(timer, now: now)
            default: break
            }
        }
    }
}
