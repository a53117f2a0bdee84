import Devices
import FoundationEssentials
import Glibc
import PoolCore
import SpeechCore
import SpeechTestSupport
import Supervisor
import TestTraits
import Testing

/// GPUs that instances share by a daemon, of which this one only pretends.
@Suite(.ownThread, .timeLimit(.minutes(2))) struct MPSTests {
    private let gpus: FakeGPUs
    private let directory: TemporaryDirectory

    init() throws {
        gpus = try FakeGPUs()
        for gpu in 0..<2 { try gpus.add(gpu, totalBytes: 24 << 30) }
        directory = try TemporaryDirectory()
    }

    /// The daemon notes that it was started, and waits for a file before it listens, if it is told to.
    private func addDaemon(script: String? = nil) throws {
        let note = #"echo $$ >> "$NOTES/started""#
        let wait = #"while [ -e "$NOTES/wait" ]; do sleep 0.01; done"#
        let listen = #"touch "$CUDA_MPS_PIPE_DIRECTORY/control""#
        let body = script ?? "\(note); \(wait); \(listen); exec sleep 1000"
        try directory.write("#!/bin/sh\n\(body)\n", to: "bin/nvidia-cuda-mps-control")
        chmod("\(directory.path)/bin/nvidia-cuda-mps-control", 0o700)
    }

    /// The daemons that were started, in this order.
    private var daemons: [pid_t] {
        (try? directory.read("started"))?.split(separator: "\n").compactMap { pid_t($0) } ?? []
    }

    private func run(
        devices: [String] = ["cuda:0", "cuda:0", "cuda:1"],
        usesTemplate: Bool = false,
        waitUntilReady: Bool = true,
        _ body: (FakePool) async throws -> Void
    ) async throws {
        try await FakePool.with(
            arguments: ["--device", "{device}", "--state-dir", directory.path],
            usesTemplate: usesTemplate,
            waitUntilReady: waitUntilReady,
            plan: PoolConfiguration.Engine(name: FakePool.engine, devices: devices, loadTimeout: .seconds(30)),
            prepare: { configuration in
                configuration.monitor = DeviceMonitor(nvmlLibrary: gpus.library, environment: [:])
                configuration.memoryInterval = .milliseconds(10)
                configuration.engines[0].usesMPS = true
                configuration.engines[0].environment = [
                    "PATH": "\(directory.path)/bin:/usr/bin:/bin", "NOTES": directory.path,
                ]
            },
            body
        )
    }

    /// The processes of the instances on a device, as the pool calls it.
    private func pids(_ pool: FakePool, on device: String) async -> [pid_t] {
        await pool.supervisor.snapshot().instances.filter { $0.device == device }.compactMap(\.pid)
    }

    @Test("Each GPU has one daemon, and all processes know their own; nothing is left of it")
    func environments() async throws {
        try addDaemon()
        var used: [pid_t] = []
        var made: [String] = []
        try await run { pool in
            used = daemons
            #expect(used.count == 2)
            for (gpu, daemon) in try used.map({ try #require(ProcessFacts(of: $0)) }).enumerated() {
                #expect(daemon.environment["CUDA_VISIBLE_DEVICES"] == "GPU-fake-\(gpu)")
                let pipe = try #require(daemon.environment["CUDA_MPS_PIPE_DIRECTORY"])
                let log = try #require(daemon.environment["CUDA_MPS_LOG_DIRECTORY"])
                for path in [pipe, log] {
                    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
                }
                made += [pipe, log]
                let clients = await pids(pool, on: "cuda:\(gpu)")
                #expect(clients.count == 2 - gpu)
                for client in try clients.map({ try #require(ProcessFacts(of: $0)) }) {
                    #expect(client.environment["CUDA_MPS_PIPE_DIRECTORY"] == pipe)
                    #expect(client.environment["CUDA_VISIBLE_DEVICES"] == "GPU-fake-\(gpu)")
                    #expect(client.arguments.contains("cuda:0") && !client.arguments.contains("cuda:1"))
                    let budget = try #require(client.environment["CHORUS_MEMORY_BYTES"].flatMap { Int($0) })
                    #expect(client.environment["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] == "0=\(budget >> 20)M")
                }
            }
            #expect(Set(made).count == 4)
            try await expect(pool.submit("Hello."), says: "Hello.")
        }
        for pid in used { #expect(kill(pid, 0) == -1, "daemon \(pid) is left") }
        for path in made { #expect(!FileManager.default.fileExists(atPath: path)) }
    }

    @Test("Instances are started when their daemon listens, and not before")
    func waits() async throws {
        try addDaemon()
        try directory.write("", to: "wait")
        try await run(devices: ["cuda:0"], waitUntilReady: false) { pool in
            try await pool.until { _ in daemons.count == 1 }
            let instance = await pool.supervisor.snapshot().instances[0]
            #expect(instance.state == "starting" && instance.pid == nil)
            unlink("\(directory.path)/wait")
            try await pool.until { $0.instances[0].state == "ready" }
            #expect(daemons.count == 1)
        }
    }

    @Test("A pool that is told to stop while a daemon starts stops")
    func stopsWhileStarting() async throws {
        try addDaemon()
        try directory.write("", to: "wait")
        try await run(devices: ["cuda:0"], waitUntilReady: false) { pool in
            try await pool.until { _ in daemons.count == 1 }
        }
        #expect(kill(daemons[0], 0) == -1, "the daemon is left")
    }

    /// Expects that the first GPU has another daemon and other instances, which are younger, and the second has not.
    private func expectRenewal(of pool: FakePool, after trouble: ([pid_t]) -> Void) async throws {
        let (first, second) = (await pids(pool, on: "cuda:0"), await pids(pool, on: "cuda:1"))
        let before = daemons
        let shared = try #require(
            before.first { ProcessFacts(of: $0)?.environment["CUDA_VISIBLE_DEVICES"] == "GPU-fake-0" }
        )
        trouble([shared] + first)
        try await pool.until { pool in
            daemons.count == 3
                && pool.instances.allSatisfy { $0.state == "ready" && ($0.device == "cuda:1" || $0.restarts == 1) }
        }
        #expect(await pids(pool, on: "cuda:1") == second)
        let new = await pids(pool, on: "cuda:0")
        #expect(new.count == 2 && Set(new).isDisjoint(with: first))
        let daemon = try #require(ProcessFacts(of: daemons[2]))
        #expect(daemon.environment["CUDA_VISIBLE_DEVICES"] == "GPU-fake-0")
        for pid in first + [shared] { #expect(kill(pid, 0) == -1, "process \(pid) is left") }
        for pid in new {
            let facts = try #require(ProcessFacts(of: pid))
            #expect(try #require(facts.startTime) >= #require(daemon.startTime))
        }
        try await expect(pool.submit("After."), says: "After.")
    }

    @Test("A daemon that ends takes its instances along, and they come back with the next")
    func daemonDies() async throws {
        try addDaemon()
        try await run { pool in
            try await expectRenewal(of: pool) { kill($0[0], SIGKILL) }
        }
    }

    @Test("An instance that is killed takes its daemon and the others of its GPU along")
    func memberIsKilled() async throws {
        try addDaemon()
        try await run { pool in
            try await expectRenewal(of: pool) { kill($0[2], SIGKILL) }
        }
    }

    @Test("An instance that ends by itself harms nobody")
    func memberExits() async throws {
        try addDaemon()
        try await run(devices: ["cuda:0", "cuda:0"]) { pool in
            let before = await pids(pool, on: "cuda:0")
            let text = "{die-once:member}Still here."
            try await expect(pool.submit(text), says: text)
            try await pool.until { pool in
                pool.instances.map(\.restarts).reduce(0, +) == 1 && pool.instances.allSatisfy { $0.state == "ready" }
            }
            let after = await pids(pool, on: "cuda:0")
            #expect(Set(after).intersection(before).count == 1)
            #expect(daemons.count == 1)
        }
    }

    @Test(
        "Where there is no daemon, or one that does not work, instances are started without",
        arguments: [nil, "exit 1"]
    )
    func without(script: String?) async throws {
        if let script { try addDaemon(script: script) }
        try await run { pool in
            for gpu in 0..<2 {
                for pid in await pids(pool, on: "cuda:\(gpu)") {
                    let facts = try #require(ProcessFacts(of: pid))
                    #expect(facts.arguments.contains("cuda:\(gpu)"))
                    #expect(!facts.environment.keys.contains { $0.hasPrefix("CUDA") })
                }
            }
            try await expect(pool.submit("Hello."), says: "Hello.")
        }
    }

    @Test("Each GPU has a template of its own, which knows the daemon; it outlives the daemon")
    func templates() async throws {
        try addDaemon()
        try await run(usesTemplate: true) { pool in
            var templates: [pid_t] = []
            for gpu in 0..<2 {
                let copies = await pids(pool, on: "cuda:\(gpu)")
                let parents = Set(copies.compactMap { ProcessFacts(of: $0)?.parent })
                let template = try #require(parents.first)
                #expect(parents.count == 1)
                let facts = try #require(ProcessFacts(of: template))
                #expect(facts.environment["CUDA_VISIBLE_DEVICES"] == "GPU-fake-\(gpu)")
                #expect(facts.environment["CUDA_MPS_PIPE_DIRECTORY"] != nil)
                #expect(facts.environment["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] == nil)
                for copy in copies { #expect(ProcessFacts(of: copy)?.arguments.contains("cuda:0") == true) }
                templates.append(template)
            }
            #expect(templates[0] != templates[1])
            try await expectRenewal(of: pool) { kill($0[0], SIGKILL) }
            let parents = await pids(pool, on: "cuda:0").map { ProcessFacts(of: $0)?.parent }
            #expect(parents == [templates[0], templates[0]])
        }
    }
}
