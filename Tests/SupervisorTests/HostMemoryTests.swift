import Devices
import Glibc
import PoolCore
import SpeechCore
import SpeechTestSupport
import Supervisor
import Testing

/// Memory of this machine: workers that really allocate, under a limit that is too small for all of them.
@Suite(.timeLimit(.minutes(2)), .serialized) struct HostMemoryTests {
    private static let mebibyte = 1 << 20

    /// An engine of 100 MiB, and of 100 MiB more for the largest text, within so many MiB of the host.
    private func run(limit: Int, instances: ClosedRange<Int>, _ body: (FakePool) async throws -> Void) async throws {
        var plan = PoolConfiguration.Engine(
            name: FakePool.engine,
            placements: [.init(device: "cpu", maximum: 16)],
            instances: instances,
            loadTimeout: .seconds(30)
        )
        plan.largestUnits = 200
        try await FakePool.with(
            command: [
                "\(FakePool.programs)/FakeWorker", "--uri", "{uri}", "--floor-bytes", "\(100 * Self.mebibyte)",
                "--bytes-per-unit", "\(Self.mebibyte / 2)", "--service-ms", "5",
            ],
            waitUntilReady: false,
            plan: plan,
            prepare: { configuration in
                configuration.monitor = DeviceMonitor(environment: [:])
                configuration.hostLimitBytes = limit * Self.mebibyte
                configuration.memoryInterval = .milliseconds(10)
            },
            configure: { $0.reserveBytes = 100 * Self.mebibyte },
            body
        )
    }

    @Test("As many instances are loaded as really fit, and texts of all lengths never take more than there is")
    func soak() async throws {
        let limit = 900
        try await run(limit: limit, instances: 1...16) { pool in
            // 800 MiB for instances of somewhat more than 100 + 100.
            try await pool.until { $0.engines[0].ready == 3 }
            let seed = UInt64.random(in: .min ... .max)
            var random = SeededGenerator(seed: seed)
            let texts = (0..<40).map { number in
                "\(number) " + String(repeating: "a", count: Int.random(in: 1...190, using: &random))
            }
            let pids = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            let most = try await withThrowingTaskGroup(of: Void.self) { group in
                for text in texts { group.addTask { try await expect(pool.submit(text), says: text) } }
                var most = 0
                try await pool.until { snapshot in
                    most = max(most, pids.reduce(0) { $0 + residentBytes(of: $1) })
                    return snapshot.instances.reduce(0) { $0 + $1.jobsDone } == texts.count
                }
                try await group.waitForAll()
                return most
            }
            #expect(most < limit * Self.mebibyte, "seed \(seed)")
            let snapshot = await pool.supervisor.snapshot()
            #expect(snapshot.instances.allSatisfy { $0.restarts == 0 }, "seed \(seed)")
            #expect(snapshot.engines[0].ready == 3, "seed \(seed)")
        }
    }

    @Test("Texts that do not fit side by side are spoken one after the other")
    func admission() async throws {
        // Two instances of 110 MiB and one text of 100 leave less than another such text.
        try await run(limit: 450, instances: 2...2) { pool in
            try await pool.until { $0.engines[0].ready == 2 }
            let text = String(repeating: "b", count: 190)
            // What it takes is known when it has been spoken.
            for _ in 0..<3 { try await expect(pool.submit(text), says: text) }
            var mostRunning = 0
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 { group.addTask { try await expect(pool.submit(text), says: text) } }
                try await pool.until { snapshot in
                    mostRunning = max(mostRunning, snapshot.devices[0].engines[0].running)
                    return snapshot.instances.reduce(0) { $0 + $1.jobsDone } == 3 + 12
                }
                try await group.waitForAll()
            }
            #expect(mostRunning == 1)
        }
    }

    @Test("A text that needs more than there is at all is refused at once, with the reason")
    func tooLarge() async throws {
        try await run(limit: 450, instances: 1...2) { pool in
            // It has been measured by then.
            try await pool.until { $0.engines[0].ready == 1 }
            var segment = Segment(utteranceID: "test", index: 0, engine: FakePool.engine, text: "Far too much.")
            segment.weight = 2_000
            let error = await #expect(throws: SpeechError.self) {
                try await pool.supervisor.submit(segment).rest()
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test("The pool is shown with what the last look at memory saw; nobody looks for that")
    func lastReading() async throws {
        let machine = try TemporaryDirectory()
        let proc = machine.path + "/proc"
        #expect(symlink("/proc", proc) == 0)
        try await FakePool.with(prepare: { configuration in
            configuration.monitor = DeviceMonitor(root: machine.path, environment: [:])
            configuration.memoryInterval = .milliseconds(10)
        }) { pool in
            try await pool.until { $0.instances.allSatisfy { $0.residentBytes != nil } }
            // From now on there is nothing to be seen.
            #expect(unlink(proc) == 0)
            let snapshot = await pool.supervisor.snapshot()
            #expect(snapshot.instances.allSatisfy { $0.residentBytes ?? 0 > 1 << 20 })
        }
    }

    /// What a process has in memory, in bytes.
    private func residentBytes(of pid: pid_t) -> Int {
        DeviceMonitor(environment: [:]).residency(ofProcess: pid)?.residentBytes ?? 0
    }
}
