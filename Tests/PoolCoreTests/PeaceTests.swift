import PoolCore
import SpeechTestSupport
import Testing

/// When a pool that is left in peace has nothing more to do, as the simulator sees it.
@Suite struct PeaceTests {
    /// One instance of 2 GiB serves, and 4 GiB of its device are others'. Then its engine becomes one of 6 GiB.
    private func redefined() throws -> PoolSimulator {
        let configuration = PoolConfiguration.cards(instances: 1...1)
        var need = PoolSimulator.Memory.Engine(
            sharedBytes: 0,
            ownBytes: gib(2),
            peakBytesPerUnit: 1 << 20,
            leakBytes: 0,
            keepsCache: false
        )
        let devices = ["cuda:0": PoolSimulator.Memory.Device(totalBytes: gib(10))]
        var simulator = PoolSimulator(
            configuration: configuration,
            declarations: [SlotDeclaration()],
            memory: PoolSimulator.Memory(devices: devices, engines: [need])
        )
        try simulator.perform(.started)
        try simulator.perform(.processSpawned(process(0)))
        try simulator.perform(.slotOpened(slot(0)))
        try simulator.perform(.foreignUseChanged(device: "cuda:0", bytes: gib(4)))
        try simulator.perform(.memoryRead(simulator.readMemory()))
        need.ownBytes = gib(6)
        var figures = EngineFigures.measured
        figures.floorBytes = gib(6)
        try simulator.perform(.redefined(0, .init(memory: need), figures: ["cuda:0": figures]))
        return simulator
    }

    @Test("an old instance for whose successor there is no room waits for room, and not for time")
    func waitsForRoom() throws {
        var simulator = try redefined()
        #expect(simulator.pool.instances[0].revision == 0 && simulator.pool.revisions[0].current == 1)
        #expect(!simulator.isWaitingForTime)
        try simulator.perform(.foreignUseChanged(device: "cuda:0", bytes: 0))
        try simulator.perform(.memoryRead(simulator.readMemory()))
        #expect(simulator.isWaitingForTime, "now there is room, and the pool looks only from time to time")
        try simulator.perform(.timePassed, after: .seconds(1))
        #expect(simulator.pool.revisions[0].isReplacing)
    }
}
