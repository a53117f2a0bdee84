import Devices
import Glibc
import PoolCore
import SpeechCore
import SpeechTestSupport
import Supervisor
import Testing

/// Memory of GPUs whose driver is scripted: instances are placed by what is read, and trouble stays where it is.
@Suite(.timeLimit(.minutes(2))) struct GPUMemoryTests {
    private static let gibibyte = 1 << 30
    private let gpus: FakeGPUs

    init() throws {
        gpus = try FakeGPUs()
        try gpus.add(0, totalBytes: 24 << 30)
    }

    /// An engine of 4 GiB and of 2 GiB more for the largest text, on the fake GPUs.
    private func run(
        devices: [String] = ["cuda:0"],
        instances: ClosedRange<Int> = 1...16,
        arguments: [String] = [],
        _ body: (FakePool) async throws -> Void
    ) async throws {
        var plan = PoolConfiguration.Engine(
            name: FakePool.engine,
            placements: devices.map { .init(device: $0, maximum: 16) },
            instances: instances,
            loadTimeout: .seconds(30)
        )
        plan.largestUnits = 64
        let worker = [
            "\(FakePool.programs)/FakeWorker", "--uri", "{uri}", "--device", "{device}", "--gpu-directory",
            gpus.directory, "--floor-bytes", "\(4 << 30)", "--bytes-per-unit", "\(32 << 20)",
        ]
        try await FakePool.with(
            command: worker + arguments,
            waitUntilReady: false,
            plan: plan,
            prepare: { configuration in
                configuration.monitor = DeviceMonitor(nvmlLibrary: gpus.library, environment: [:])
                configuration.memoryInterval = .milliseconds(5)
            },
            configure: { $0.reserveBytes = Self.gibibyte },
            body
        )
    }

    @Test("As many instances are loaded as fit with each at its peak, one after the other")
    func auto() async throws {
        try await run { pool in
            var mostAtOnce = 0
            try await pool.until { snapshot in
                let coming = snapshot.instances.count { ["starting", "loading", "measuring"].contains($0.state) }
                mostAtOnce = max(mostAtOnce, coming)
                return snapshot.engines[0].ready == 3
            }
            // 24 − 1 = 23 GiB; three take 18, a fourth would make 24.
            try await pool.expectSettled(ready: 3)
            #expect(mostAtOnce == 1)
            let memory = try #require(await pool.supervisor.snapshot().devices[0].memory)
            #expect(memory.capacityBytes == 24 << 30)
            #expect(memory.foreignBytes == 0)
            #expect(memory.chargedBytes == 12 << 30)
        }
    }

    @Test("Of two devices the one that others have filled gets no instance")
    func fullDevice() async throws {
        try gpus.add(1, totalBytes: 24 << 30)
        // There is something left, so it might be tried if it were not known from the other one what an instance needs.
        try gpus.setUsed(by: "somebody", of: 1, to: 20 << 30)
        try await run(devices: ["cuda:0", "cuda:1"]) { pool in
            try await pool.expectSettled(ready: 3)
            let devices = await pool.supervisor.snapshot().devices
            #expect(devices.map(\.name) == ["cuda:0", "cuda:1"])
            #expect(devices.map(\.instances) == [3, 0])
        }
    }

    @Test("When others take 4 GiB nothing is ended while the reserve holds, and then only as much as is needed")
    func foreignGrab() async throws {
        try await run { pool in
            try await pool.expectSettled(ready: 3)
            let before = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            try gpus.setUsed(by: "somebody", of: 0, to: 4 << 30)
            try await pool.until { $0.devices[0].memory?.foreignBytes == 4 << 30 }
            try await pool.expectSettled(ready: 3)
            #expect(await pool.supervisor.snapshot().instances.compactMap(\.pid) == before)
            try await expect(pool.submit("Still here."), says: "Still here.")

            // 12 + 12.5 GiB are more than there is: one instance goes, and comes back when there is room again.
            try gpus.setUsed(by: "somebody", of: 0, to: 12_800 << 20)
            try await pool.until { $0.engines[0].ready == 2 }
            try await pool.expectSettled(ready: 2)
            try gpus.setUsed(by: "somebody", of: 0, to: nil)
            try await pool.until { $0.engines[0].ready == 3 }
        }
    }

    @Test("After a death the next instance is loaded when the driver has released what the dead one held")
    func lateRelease() async throws {
        // Three of 4 GiB and their peaks fit, and nothing beside them.
        try gpus.setTotal(of: 0, to: 20 << 30)
        try await run { pool in
            try await pool.expectSettled(ready: 3)
            let pid = try #require(await pool.supervisor.snapshot().instances[0].pid)
            kill(pid, SIGKILL)
            try await pool.until { $0.engines[0].ready == 2 }
            // Its file is still there: so far the driver has not noticed.
            try await pool.expectSettled(ready: 2)
            #expect(await pool.supervisor.snapshot().instances[0].restarts == 0)
            try gpus.setUsed(by: "\(pid)", of: 0, to: nil)
            try await pool.until { $0.engines[0].ready == 3 }
            #expect(await pool.supervisor.snapshot().instances[0].restarts == 1)
        }
    }

    @Test("An instance that loses 200 MiB with each job is replaced between jobs, before it has all")
    func leak() async throws {
        try await run(instances: 1...2, arguments: ["--leak-bytes", "\(200 << 20)"]) { pool in
            try await pool.expectSettled(ready: 2)
            let first = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            var replaced = false
            for number in 0..<400 where !replaced {
                try await expect(pool.submit("Number \(number)."), says: "Number \(number).")
                let snapshot = await pool.supervisor.snapshot()
                replaced = snapshot.instances.contains { $0.restarts > 0 }
                #expect(snapshot.devices[0].memory.map { $0.roomBytes + $0.reserveBytes > 0 } == true)
            }
            #expect(replaced)
            try await pool.until { $0.engines[0].ready == 2 }
            let second = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            #expect(first != second)
        }
    }

    @Test("A text that runs out of memory is spoken elsewhere, and nobody else notices")
    func outOfMemory() async throws {
        try gpus.add(1, totalBytes: 24 << 30)
        let state = try TemporaryDirectory()
        try await run(devices: ["cuda:0", "cuda:1"], instances: 2...2, arguments: ["--state-dir", state.path]) { pool in
            try await pool.until { $0.engines[0].ready == 2 }
            let pids = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            let texts = (0..<20).map { $0 == 7 ? "{oom-once:seven} Seven." : "Number \($0)." }
            let audio = texts.map { pool.submit($0) }
            for (text, audio) in zip(texts, audio) { try await expect(audio, says: text) }
            #expect(await pool.supervisor.snapshot().instances.compactMap(\.pid) == pids)
            #expect(await pool.supervisor.snapshot().instances.map(\.restarts) == [0, 0])
        }
    }

    @Test("A text that always runs out of memory is tried twice and answered with an error")
    func alwaysOutOfMemory() async throws {
        try await run(instances: 1...1) { pool in
            try await pool.until { $0.engines[0].ready == 1 }
            await #expect(throws: SpeechError.self) { try await pool.submit("{oom} Too much.").rest() }
            try await expect(pool.submit("Enough."), says: "Enough.")
            #expect(await pool.supervisor.snapshot().instances[0].restarts == 0)
        }
    }

    @Test("When the driver disappears what runs goes on, and when it is back all is as before")
    func driverDisappears() async throws {
        try await run { pool in
            try await pool.expectSettled(ready: 3)
            let pids = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            try gpus.setDriverLoaded(false)
            try await pool.until { $0.devices[0].model == nil }
            try await expect(pool.submit("Still here."), says: "Still here.")
            try gpus.setDriverLoaded(true)
            try await pool.until { $0.devices[0].model != nil }
            try await pool.expectSettled(ready: 3)
            #expect(await pool.supervisor.snapshot().instances.compactMap(\.pid) == pids)
        }
    }

    @Test("A reload to a model of twice the size serves, and what was measured of each is kept under its own command")
    func reloadToLarger() async throws {
        let state = try TemporaryDirectory()
        let file = "\(state.path)/measured.json"
        var plan = PoolConfiguration.Engine(
            name: FakePool.engine,
            placements: [.init(device: "cuda:0", maximum: 16)],
            instances: 1...16,
            loadTimeout: .seconds(30)
        )
        plan.largestUnits = 64
        func engine(floor: Int) -> SupervisorConfiguration.Engine {
            let command = [
                "\(FakePool.programs)/FakeWorker", "--uri", "{uri}", "--device", "{device}", "--gpu-directory",
                gpus.directory, "--floor-bytes", "\(floor)", "--bytes-per-unit", "\(32 << 20)",
            ]
            return .init(plan: plan, command: command, environment: ["PATH": "/usr/bin:/bin"])
        }
        let (small, large) = (engine(floor: 4 << 30), engine(floor: 9 << 30))
        try await FakePool.with(
            command: small.command,
            waitUntilReady: false,
            plan: plan,
            prepare: { configuration in
                configuration.monitor = DeviceMonitor(nvmlLibrary: gpus.library, environment: [:])
                configuration.memoryInterval = .milliseconds(5)
                configuration.figuresFile = file
            },
            configure: { $0.reserveBytes = Self.gibibyte }
        ) { pool in
            try await pool.until { $0.engines[0].ready == 3 }
            // It would not load within what the old one may hold: 4 + 2 × 2 GiB.
            let next = SupervisorConfiguration(engines: [large], socketParent: "/tmp") {
                $0.reserveBytes = Self.gibibyte
            }
            #expect(await pool.supervisor.reload(next).map(\.change) == [.replaced])
            try await pool.until { snapshot in
                let ready = snapshot.instances.filter { $0.state == "ready" }
                return ready.count == 2 && ready.allSatisfy { $0.heldBytes == 9 << 30 }
            }
            try await expect(pool.submit("Larger."), says: "Larger.")
        }
        let store = FiguresStore(path: file)
        #expect(store.figures(of: small, on: "Fake GPU")?.floorBytes == 4 << 30)
        #expect(store.figures(of: large, on: "Fake GPU")?.floorBytes == 9 << 30)
    }

    @Test("What was measured is known at the next start: nothing is measured again")
    func keepsFigures() async throws {
        let state = try TemporaryDirectory()
        var plan = PoolConfiguration.Engine(
            name: FakePool.engine,
            placements: [.init(device: "cuda:0", maximum: 16)],
            instances: 1...16
        )
        plan.largestUnits = 64
        let command = [
            "\(FakePool.programs)/FakeWorker", "--uri", "{uri}", "--device", "{device}", "--gpu-directory",
            gpus.directory, "--floor-bytes", "\(4 << 30)", "--bytes-per-unit", "\(32 << 20)",
        ]
        for _ in 0..<2 {
            try await FakePool.with(
                command: command,
                waitUntilReady: false,
                plan: plan,
                prepare: { configuration in
                    configuration.monitor = DeviceMonitor(nvmlLibrary: gpus.library, environment: [:])
                    configuration.memoryInterval = .milliseconds(5)
                    configuration.figuresFile = "\(state.path)/measured.json"
                },
                configure: { $0.reserveBytes = Self.gibibyte }
            ) { pool in
                try await pool.until { $0.engines[0].ready == 3 }
            }
            let engine = SupervisorConfiguration.Engine(plan: plan, command: command, environment: [:])
            let figures = FiguresStore(path: "\(state.path)/measured.json").figures(of: engine, on: "Fake GPU")
            #expect(figures?.floorBytes == 4 << 30)
            // Three samples count; measured again it would be six.
            #expect(figures?.seconds.count == 3)
        }
    }
}

extension FakePool {
    /// Expects that so many instances serve when nothing has changed for many readings, and longer than any back-off
    /// of a few deaths.
    fileprivate func expectSettled(ready: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        var (last, calm) = ([String](), 0)
        try await until { snapshot in
            let now = snapshot.instances.map { "\($0.id) \($0.state) \($0.restarts)" }
            (calm, last) = (now == last ? calm + 1 : 0, now)
            return calm >= 300 && snapshot.instances.contains { $0.state == "ready" }
        }
        let engines = await supervisor.snapshot().engines
        #expect(engines[0].ready == ready, sourceLocation: sourceLocation)
    }
}
