import Devices
import SpeechTestSupport
import Testing

@Suite("NVIDIA's GPUs")
struct NVIDIATests {
    private let gib = 1 << 30
    private let machine: FakeMachine
    /// Three, of 8, 16 and 24 GiB.
    private let gpus: FakeGPUs

    init() throws {
        machine = try FakeMachine()
        gpus = try FakeGPUs()
        for gpu in 0..<3 {
            try gpus.add(gpu, model: "Fake RTX \(gpu)", uuid: "GPU-\(gpu)a-fake", totalBytes: 8 * (gpu + 1) * gib)
        }
    }

    @Test("all are read, after the host")
    func all() throws {
        try gpus.setUsed(by: "101", of: 1, to: 2 * gib)
        try gpus.setUsed(by: "102", of: 1, to: 3 * gib)
        try gpus.setUsed(by: "foreign", of: 1, to: 4 * gib)
        let monitor = machine.monitor(gpus: gpus)
        let readings = monitor.read()
        #expect(readings.map(\.device) == ["cpu", "cuda:0", "cuda:1", "cuda:2"])
        #expect(
            readings[2]
                == DeviceReading(
                    device: "cuda:1",
                    model: "Fake RTX 1",
                    uuid: "GPU-1a-fake",
                    totalBytes: 16 * gib,
                    usedBytes: 9 * gib,
                    utilization: 0.5,
                    processBytes: [101: 2 * gib, 102: 3 * gib]
                )
        )
        #expect(monitor.notes == ["NVIDIA: driver 999.01, 3 GPUs"])

        try gpus.setUsed(by: "101", of: 1, to: nil)
        #expect(monitor.read()[2].usedBytes == 7 * gib)
    }

    @Test(
        "CUDA_VISIBLE_DEVICES chooses and orders them, up to the first that is none",
        arguments: [
            ("2,0", [2, 0]), ("1", [1]), ("", []), ("-1", []), ("0,-1,1", [0]), ("0,3,1", [0]), ("0, 2", [0, 2]),
            ("GPU-1a", [1]), ("GPU-2a-fake,0", [2, 0]), ("GPU-", []), ("GPU-9,0", []), ("0,0", []), ("NoDevFiles", []),
            ("MIG-GPU-1a/1/0", []),
        ]
    )
    func visible(list: String, expected: [Int]) throws {
        let monitor = machine.monitor(gpus: gpus, environment: ["CUDA_VISIBLE_DEVICES": list])
        let readings = monitor.read().dropFirst()
        #expect(readings.map(\.device) == expected.indices.map { "cuda:\($0)" })
        #expect(readings.map(\.model) == expected.map { "Fake RTX \($0)" })
        let note = "NVIDIA: driver 999.01, 3 GPUs, \(expected.count) visible by CUDA_VISIBLE_DEVICES=\(list)"
        #expect(monitor.notes == [note])
    }

    @Test("a driver that disappears leaves the host, and its GPUs come back with it")
    func driverReturns() throws {
        let monitor = machine.monitor(gpus: gpus)
        let before = monitor.read()
        try gpus.setDriverLoaded(false)
        for words in ["GPU is lost", "Driver Not Loaded"] {
            #expect(monitor.read().map(\.device) == ["cpu"])
            #expect(monitor.notes.contains { $0.hasPrefix("NVIDIA: \(words)") && $0.contains("nvidia-smi") })
        }
        try gpus.setDriverLoaded(true)
        #expect(monitor.read() == before)
        #expect(monitor.notes == ["NVIDIA: driver 999.01, 3 GPUs"])
    }

    @Test("a driver that comes back between two looks is initialised anew")
    func driverReloaded() throws {
        let monitor = machine.monitor(gpus: gpus)
        let before = monitor.read()
        try gpus.setDriverLoaded(false)
        #expect(monitor.read().count == 1)
        try gpus.setDriverLoaded(true)
        #expect(monitor.read() == before)
    }

    @Test("a GPU that is lost is left out until it is back; the others keep their names")
    func lost() throws {
        let monitor = machine.monitor(gpus: gpus)
        try gpus.setTotal(of: 1, to: nil)
        for _ in 0..<2 {
            let readings = monitor.read()
            #expect(readings.map(\.device) == ["cpu", "cuda:0", "cuda:2"])
            #expect(readings.last?.model == "Fake RTX 2")
            #expect(monitor.notes.contains { $0.hasPrefix("NVIDIA: cuda:1 is left out: GPU is lost") })
        }
        try gpus.setTotal(of: 1, to: gib)
        #expect(monitor.read().map(\.device) == ["cpu", "cuda:0", "cuda:1", "cuda:2"])
        #expect(monitor.notes.count == 1)
    }

    @Test("two machines' libraries do not mix")
    func separate() throws {
        let others = try FakeGPUs()
        try others.add(0, totalBytes: gib)
        let monitors = [machine.monitor(gpus: gpus), machine.monitor(gpus: others)]
        withExtendedLifetime(others) {
            for _ in 0..<2 { #expect(monitors.map { $0.read().count } == [4, 2]) }
        }
    }

    @Test("without the driver's library there is a note")
    func noLibrary() throws {
        let monitor = DeviceMonitor(root: machine.root, nvmlLibrary: "libnone-such.so.1", environment: [:])
        #expect(monitor.read().map(\.device) == ["cpu"])
        let note = try #require(monitor.notes.first)
        #expect(note.hasPrefix("NVIDIA: libnone-such.so.1: cannot open shared object file: No such file or directory"))
        #expect(note.contains("install their driver"))
    }

    @Test("a file that is no library is a note")
    func noSharedObject() throws {
        try machine.write("Not a library at all.\n", to: "/libnone.so")
        let monitor = machine.monitor()
        #expect(monitor.read().map(\.device) == ["cpu"])
        let note = try #require(monitor.notes.first)
        #expect(note.hasPrefix("NVIDIA: \(machine.root)/libnone.so: "))
    }

    @Test("a library that is another one is a note that says what it lacks")
    func otherLibrary() throws {
        let monitor = DeviceMonitor(root: machine.root, nvmlLibrary: "libc.so.6", environment: [:])
        #expect(monitor.read().map(\.device) == ["cpu"])
        #expect(monitor.notes.first?.hasPrefix("NVIDIA: libc.so.6: it lacks nvmlInit_v2") == true)
    }
}
