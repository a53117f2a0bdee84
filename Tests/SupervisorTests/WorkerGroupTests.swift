import Devices
import FoundationEssentials
import Glibc
import PoolCore
import SpeechCore
import SpeechTestSupport
import Synchronization
import Testing

@testable import Supervisor

/// Control groups of the workers' own, in a tree of plain files that looks like the kernel's.
@Suite(.timeLimit(.minutes(2))) struct WorkerGroupTests {
    private static let own = "sys/fs/cgroup/chorus.service"
    private let tree: TemporaryDirectory

    /// A group that was delegated to us.
    init() throws {
        tree = try TemporaryDirectory()
        try tree.write("1:name=systemd:/else\n0::/chorus.service\n", to: "proc/self/cgroup")
        try tree.write("cpu memory\n", to: "sys/fs/cgroup/cgroup.controllers")
        try tree.write("cpu memory\n", to: "\(Self.own)/cgroup.controllers")
        try tree.write("\n", to: "\(Self.own)/cgroup.subtree_control")
        try tree.write("\(getpid())\n", to: "\(Self.own)/cgroup.procs")
    }

    /// What was written, in this order: each a path in our group, and a text.
    private final class Writes: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// - Parameter refused: the end of the path of a file that the kernel refuses to take anything in.
    private func groups(noting writes: Writes = Writes(), refusing refused: String? = nil) throws -> WorkerGroups {
        let own = "\(tree.path)/\(Self.own)/"
        return try WorkerGroups(root: tree.path) { text, path in
            writes.lines.withLock { $0.append("\(path.dropFirst(own.count)) \(text)") }
            if let refused, path.hasSuffix(refused) { return EBUSY }
            return WorkerGroups.writeFile(text, path)
        }
    }

    private func exists(_ path: String) -> Bool { access("\(tree.path)/\(Self.own)/\(path)", F_OK) == 0 }

    /// As the kernel does with the files of a group; a directory of plain files cannot be removed.
    private func removeFiles(of group: String) throws {
        for file in tree.files where file.hasPrefix("\(Self.own)/\(group)/") { unlink("\(tree.path)/\(file)") }
    }

    @Test("We move into a leaf before memory is handed on; a worker's group is made, filled, limited and removed")
    func life() throws {
        let writes = Writes()
        let groups = try groups(noting: writes)
        groups.add(4711, to: "fake-0-1")
        #expect(groups.limit("fake-0-1", memoryBytes: 1 << 30))
        #expect(
            writes.lines.withLock { $0 } == [
                "chorus/cgroup.procs \(getpid())", "cgroup.subtree_control +memory",
                "fake-0-1/memory.oom.group 1", "fake-0-1/cgroup.procs 4711", "fake-0-1/memory.max 1073741824",
            ]
        )
        try removeFiles(of: "fake-0-1")
        #expect(groups.remove("fake-0-1") == nil)
        #expect(!exists("fake-0-1"))
        #expect(!groups.limit("fake-0-1", memoryBytes: 1 << 30))
    }

    @Test("Where memory is handed on already we stay where we are")
    func alreadyHandedOn() throws {
        try tree.write("cpu memory\n", to: "\(Self.own)/cgroup.subtree_control")
        let writes = Writes()
        _ = try groups(noting: writes)
        #expect(writes.lines.withLock { $0 }.isEmpty)
        #expect(!exists("chorus"))
    }

    @Test("A worker that ran into its wall is told from one that was killed otherwise")
    func outOfMemory() throws {
        let groups = try groups()
        for (name, kills) in [("fake-0-1", 0), ("fake-0-2", 1)] {
            groups.add(4711, to: name)
            #expect(groups.limit(name, memoryBytes: 500 << 20))
            try tree.write("low 0\nmax 7\noom 1\noom_kill \(kills)\n", to: "\(Self.own)/\(name)/memory.events")
        }
        #expect(groups.remove("fake-0-1") == nil)
        #expect(groups.remove("fake-0-2") == 500 << 20)
        #expect(groups.remove("fake-0-2") == nil)
    }

    @Test("A group that the kernel keeps for a while is removed later")
    func leftover() throws {
        let groups = try groups()
        for name in ["fake-0-1", "fake-1-1"] { groups.add(4711, to: name) }
        _ = groups.remove("fake-0-1")
        #expect(exists("fake-0-1"))
        for name in ["fake-0-1", "fake-1-1"] { try removeFiles(of: name) }
        _ = groups.remove("fake-1-1")
        #expect(!exists("fake-0-1") && !exists("fake-1-1"))
    }

    @Test("A worker that cannot be moved, or whose wall the kernel refuses, has none of this kind")
    func refusedWorker() throws {
        let groups = try groups(refusing: "fake-0-1/cgroup.procs")
        groups.add(4711, to: "fake-0-1")
        #expect(!groups.limit("fake-0-1", memoryBytes: 1 << 30))
        let others = try self.groups(refusing: "memory.max")
        others.add(4711, to: "fake-0-2")
        #expect(!others.limit("fake-0-2", memoryBytes: 1 << 30))
    }

    @Test("What our processes wait for memory is read where they all are")
    func pressure() throws {
        let groups = try groups()
        #expect(groups.pressure == nil)
        try tree.write("some avg10=12.50 avg60=1.00 avg300=0.00 total=1\n", to: "\(Self.own)/memory.pressure")
        #expect(groups.pressure == 0.125)
    }

    @Test(
        "Without a group of version 2 that is ours alone and has memory there are no groups",
        arguments: [
            ("proc/self/cgroup", "4:memory:/chorus.service\n"), ("proc/self/cgroup", "0::/../other\n"),
            ("proc/self/cgroup", "0::/gone\n"), ("\(own)/cgroup.controllers", "cpu\n"),
            ("\(own)/cgroup.procs", "1\n\(getpid())\n"), ("\(own)/cgroup.procs", "0\n"),
        ]
    )
    func unusable(file: String, text: String) throws {
        try tree.write(text, to: file)
        let writes = Writes()
        #expect(throws: SystemError.self) { try groups(noting: writes) }
        #expect(writes.lines.withLock { $0 }.isEmpty)
        #expect(!exists("chorus"))
    }

    @Test("When memory may not be handed on we go back to where we were")
    func goesBack() throws {
        let writes = Writes()
        #expect(throws: SystemError.self) { try groups(noting: writes, refusing: "cgroup.subtree_control") }
        #expect(
            writes.lines.withLock { $0 } == [
                "chorus/cgroup.procs \(getpid())", "cgroup.subtree_control +memory", "cgroup.procs \(getpid())",
            ]
        )
    }

    /// An engine of 20 MiB and of 4 MiB more for each letter, on this machine's memory.
    private func run(
        instances: Int,
        usesTemplate: Bool = false,
        _ body: (FakePool) async throws -> Void
    ) async throws {
        var plan = PoolConfiguration.Engine(
            name: FakePool.engine,
            devices: Array(repeating: "cpu", count: instances),
            loadTimeout: .seconds(30)
        )
        plan.largestUnits = 20
        try await FakePool.with(
            arguments: ["--floor-bytes", "\(20 << 20)", "--bytes-per-unit", "\(4 << 20)"],
            usesTemplate: usesTemplate,
            plan: plan,
            prepare: { configuration in
                configuration.monitor = DeviceMonitor(environment: [:])
                configuration.memoryInterval = .milliseconds(10)
                configuration.systemRoot = tree.path
            },
            body
        )
    }

    @Test(
        "Each worker of a pool is in a group of its own, copies too, and its wall is there",
        arguments: [false, true]
    )
    func pool(usesTemplate: Bool) async throws {
        try await run(instances: 2, usesTemplate: usesTemplate) { pool in
            for (index, pid) in await pool.supervisor.snapshot().instances.map(\.pid).enumerated() {
                let group = "\(Self.own)/fake-\(index)-1"
                #expect(try tree.read("\(group)/cgroup.procs") == String(try #require(pid)))
                try await pool.until { _ in tree.files.contains("\(group)/memory.max") }
            }
        }
    }

    @Test("Without groups a worker that wants more than its wall says so, lives on, and its neighbour does not notice")
    func limitedData() async throws {
        try tree.write("", to: "proc/self/cgroup")
        try await run(instances: 2) { pool in
            let pids = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            // What the text weighs is a lie: it takes 4 GiB, and the wall is some hundred MiB above the floor.
            try await pool.until { _ in pids.allSatisfy { ProcessFacts(of: $0)?.dataLimit != nil } }
            let slow = pool.submit("{sleep:200}Hm.")
            try await pool.until { $0.instances.contains { $0.state == "busy" } }
            var segment = Segment(utteranceID: "test", index: 0, engine: FakePool.engine, text: "")
            segment.text = String(repeating: "a", count: 1000)
            segment.weight = 1
            let error = await #expect(throws: SpeechError.self) {
                _ = try await pool.supervisor.submit(segment).rest()
            }
            #expect(error?.code == .engineFailed)
            try await expect(slow, says: "{sleep:200}Hm.")
            try await expect(pool.submit("Go on."), says: "Go on.")
            let instances = await pool.supervisor.snapshot().instances
            #expect(instances.compactMap(\.pid) == pids && instances.allSatisfy { $0.restarts == 0 })
        }
    }
}
