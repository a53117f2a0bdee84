import Devices
import SpeechTestSupport
import Testing

@Suite("AMD's GPUs")
struct AMDTests {
    private let gib = 1 << 30

    /// With two of AMD's GPUs, whose order by address is not that by name, a card of somebody else's, and a connector.
    private let machine: FakeMachine

    init() throws {
        machine = try FakeMachine()
        try machine.addCard(
            "card0",
            address: "0000:83:00.0",
            files: [
                "vendor": "0x1002", "device": "0x744c", "mem_info_vram_total": "\(24 * gib)",
                "mem_info_vram_used": "\(gib)", "gpu_busy_percent": "25",
            ]
        )
        try machine.addCard(
            "card1",
            address: "0000:03:00.0",
            files: [
                "vendor": "0x1002", "device": "0x740f", "mem_info_vram_total": "\(64 * gib)",
                "mem_info_vram_used": "\(2 * gib)", "unique_id": "abcdef0123456789",
                "product_name": "AMD INSTINCT MI210",
            ]
        )
        try machine.addCard("card2", address: "0000:01:00.0", files: ["vendor": "0x1a03"])
        try machine.addCard("card1-DP-1", address: "0000:00:00.0", files: ["vendor": "0x1002"])
    }

    @Test("they are read in the order of their addresses, and called as PyTorch calls them")
    func all() {
        let monitor = machine.monitor()
        #expect(
            Array(monitor.read().dropFirst()) == [
                DeviceReading(
                    device: "cuda:0",
                    model: "AMD INSTINCT MI210",
                    uuid: "GPU-abcdef0123456789",
                    totalBytes: 64 * gib,
                    usedBytes: 2 * gib
                ),
                DeviceReading(
                    device: "cuda:1",
                    model: "AMD GPU 0x744c",
                    totalBytes: 24 * gib,
                    usedBytes: gib,
                    utilization: 0.25
                ),
            ]
        )
        #expect(monitor.notes.last == "AMD: 2 GPUs by sysfs, 2 visible")
    }

    @Test(
        "ROCm's variables choose and order them, one after the other",
        arguments: [
            (["HIP_VISIBLE_DEVICES": "1"], [24]), (["ROCR_VISIBLE_DEVICES": "1,0"], [24, 64]),
            (["ROCR_VISIBLE_DEVICES": "1,0", "HIP_VISIBLE_DEVICES": "1"], [64]), (["CUDA_VISIBLE_DEVICES": "1"], [24]),
            (["CUDA_VISIBLE_DEVICES": "1", "HIP_VISIBLE_DEVICES": "0"], [64]), (["HIP_VISIBLE_DEVICES": ""], []),
            (["ROCR_VISIBLE_DEVICES": "GPU-abcdef0123456789"], [64]),
        ]
    )
    func visible(environment: [String: String], expected: [Int]) {
        let readings = machine.monitor(environment: environment).read().dropFirst()
        #expect(readings.map { $0.totalBytes / gib } == expected)
        #expect(readings.map(\.device) == expected.indices.map { "cuda:\($0)" })
    }

    @Test("one that does not tell is left out; the others keep their names")
    func silent() throws {
        let monitor = machine.monitor()
        try machine.remove("/sys/devices/0000:03:00.0/mem_info_vram_used")
        #expect(monitor.read().map(\.device) == ["cpu", "cuda:1"])
        #expect(monitor.notes.contains { $0.hasPrefix("AMD: cuda:0 is left out") })
    }

    @Test("beside NVIDIA's they are not used, nor when those have gone for a while")
    func besideNVIDIA() throws {
        let gpus = try FakeGPUs()
        let monitor = machine.monitor(gpus: gpus)
        #expect(monitor.read().count == 3, "a library without a driver is no GPU")
        try gpus.add(0, totalBytes: gib)
        #expect(monitor.read().map(\.model) == ["Fake CPU @ 2GHz", "Fake GPU"])
        try gpus.setDriverLoaded(false)
        withExtendedLifetime(gpus) {
            for _ in 0..<2 { #expect(monitor.read().map(\.device) == ["cpu"]) }
        }
    }
}
