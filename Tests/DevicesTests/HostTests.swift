import Devices
import Testing

@Suite("The host's memory")
struct HostTests {
    private let gib = 1 << 30
    private let machine: FakeMachine

    init() throws { machine = try FakeMachine() }

    @Test("without control groups it is what the kernel says is available")
    func unlimited() {
        let reading = DeviceReading(device: "cpu", model: "Fake CPU @ 2GHz", totalBytes: 16 * gib, usedBytes: 8 * gib)
        #expect(machine.monitor().read() == [reading])
    }

    @Test("the smallest limit of our control group and those around it counts, and the working set below it")
    func nestedLimit() throws {
        try machine.write("0::/pods/chorus/main\n", to: "/proc/self/cgroup")
        try machine.write("cpu memory\n", to: "/sys/fs/cgroup/cgroup.controllers")
        try machine.addGroup("/pods/chorus/main", limit: "max", use: gib, inactive: 0)
        try machine.addGroup("/pods/chorus", limit: "\(4 * gib)", use: 3 * gib, inactive: gib)
        try machine.addGroup("/pods", limit: "\(12 * gib)", use: 6 * gib, inactive: gib)
        let monitor = machine.monitor()
        let host = try #require(monitor.read().first)
        #expect(host.totalBytes == 4 * gib)
        #expect(host.usedBytes == 2 * gib)
        #expect(monitor.notes.contains("Host: /sys/fs/cgroup/pods/chorus limits memory to 4096 MiB"))
    }

    @Test("what is left is what the fullest of all limits leaves, though it be a larger one")
    func fullestLimit() throws {
        try machine.write("0::/pods/chorus\n", to: "/proc/self/cgroup")
        try machine.write("", to: "/sys/fs/cgroup/cgroup.controllers")
        try machine.addGroup("/pods/chorus", limit: "\(4 * gib)", use: gib, inactive: 0)
        try machine.addGroup("/pods", limit: "\(12 * gib)", use: 11 * gib + gib / 2, inactive: 0)
        let host = try #require(machine.monitor().read().first)
        #expect(host.totalBytes == 4 * gib)
        #expect(host.totalBytes - host.usedBytes == gib / 2)

        // Over the limit is full, not more than full.
        try machine.addGroup("/pods", limit: "\(12 * gib)", use: 13 * gib, inactive: 0)
        #expect(machine.monitor().read().first?.usedBytes == 4 * gib)
    }

    @Test(
        "in a container that shows its own group only, that group's limit counts",
        arguments: ["/docker/0123", "/../../elsewhere", "/"]
    )
    func container(group: String) throws {
        try machine.write("0::\(group)\n", to: "/proc/self/cgroup")
        try machine.write("", to: "/sys/fs/cgroup/cgroup.controllers")
        try machine.addGroup("", limit: "\(2 * gib)", use: gib, inactive: gib / 4)
        let host = try #require(machine.monitor().read().first)
        #expect(host.totalBytes == 2 * gib)
        #expect(host.usedBytes == gib - gib / 4)
    }

    @Test("version 1's limits count too, and its word for no limit is none")
    func version1() throws {
        try machine.write("4:memory:/a/b\n3:cpu,cpuacct:/x\n0::/\n", to: "/proc/self/cgroup")
        let group = "/sys/fs/cgroup/memory/a"
        for (directory, limit) in [(group + "/b", 9_223_372_036_854_771_712), (group, 6 * gib)] {
            try machine.write("\(limit)\n", to: "\(directory)/memory.limit_in_bytes")
            try machine.write("\(5 * gib)\n", to: "\(directory)/memory.usage_in_bytes")
            try machine.write("inactive_file 7\ntotal_inactive_file \(gib)\n", to: "\(directory)/memory.stat")
        }
        let host = try #require(machine.monitor().read().first)
        #expect(host.totalBytes == 6 * gib)
        #expect(host.usedBytes == 4 * gib)
    }

    @Test("pressure is our own group's, else the machine's")
    func pressure() throws {
        #expect(machine.monitor().read().first?.pressure == nil)
        try machine.write("some avg10=2.50 avg60=0.00 avg300=0.00 total=1\n", to: "/proc/pressure/memory")
        #expect(machine.monitor().read().first?.pressure == 0.025)
        try machine.write("0::/chorus\n", to: "/proc/self/cgroup")
        let unified = "/sys/fs/cgroup/unified"
        try machine.write("some avg10=50.00 avg60=0.00\nfull avg10=1.00\n", to: "\(unified)/chorus/memory.pressure")
        try machine.write("some avg10=99.00 avg60=0.00\n", to: "\(unified)/memory.pressure")
        #expect(machine.monitor().read().first?.pressure == 0.5)
    }

    @Test("a machine that tells nothing is left out, with a note")
    func nothing() throws {
        try machine.remove("/proc/meminfo")
        let monitor = machine.monitor()
        #expect(monitor.read().isEmpty)
        #expect(monitor.notes.contains { $0.hasPrefix("Host: /proc/meminfo") })
    }

    @Test("this machine can be read")
    func here() throws {
        let host = try #require(DeviceMonitor(environment: [:]).read().first)
        #expect(host.device == "cpu")
        #expect(!host.model.isEmpty)
        #expect(host.totalBytes > 1 << 28)
        #expect(0..<host.totalBytes ~= host.usedBytes)
    }
}
