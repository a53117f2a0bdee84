@testable import PoolCore
import Testing

/// What of a device's memory is spoken for.
@Suite struct LedgerTests {
    @Test("the reserve is a twentieth, and not less than 512 MiB, unless it is configured")
    func reserve() {
        #expect(Pool.defaultReserveBytes(of: gib(4)) == gib(0.5))
        #expect(Pool.defaultReserveBytes(of: gib(80)) == gib(4))
        var configuration = PoolConfiguration.cards(instances: 1...1)
        #expect(Pool(configuration: configuration, seed: 1).ledger(of: 0)?.reserveBytes == gib(1))
        configuration.reserveBytes = nil
        #expect(Pool(configuration: configuration, seed: 1).ledger(of: 0)?.reserveBytes == gib(0.5))
    }

    @Test("a device of which nobody knows the memory has no ledger, until it has been read")
    func unknown() {
        var configuration = PoolConfiguration.cards(instances: 1...1)
        configuration.memory = [:]
        var stage = Stage(loaded: configuration)
        #expect(stage.pool.ledger(of: 0) == nil)
        var reading = MemoryReading(taken: moment(1))
        reading.devices["cuda:0"] = DeviceMemory(totalBytes: gib(10), usedBytes: gib(3))
        reading.processes[process(0)] = HeldMemory(heldBytes: gib(2), ownBytes: gib(2))
        stage.at(1) { $0.memoryRead(reading, now: $1) }
        #expect(
            stage.pool.ledger(of: 0)
                == Ledger(
                    capacityBytes: gib(10),
                    reserveBytes: gib(1),
                    foreignBytes: gib(1),
                    chargedBytes: gib(2)
                )
        )
    }

    @Test("an instance is charged its floor and the peaks of its jobs, or what it holds if that is more")
    func charge() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2))
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(7))
        stage.arrive(1, units: 512, at: 1)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2.5))
        stage.read([process(0): gib(2.75)], at: 2)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2.75))
        stage.end(1, on: slot(0), at: 3)
        stage.read(at: 4)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2))
    }

    @Test("one that loads is charged what it comes to hold")
    func loading() {
        var stage = Stage(.cards(instances: 1...1))
        stage.at(0) { $0.started(now: $1) }
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2))
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        stage.read([process(0): gib(0.5)], at: 1)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2))
        stage.read([process(0): gib(2.5)], at: 2)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2.5))
    }

    @Test("of those that share, one answers for what they share until they have been read")
    func shared() {
        var configuration = PoolConfiguration.cards(instances: 2...2)
        configuration.engines[0].figures["cuda:0"]?.addedBytes = gib(0.5)
        var stage = Stage(configuration)
        stage.at(0) { $0.started(now: $1) }
        stage.serve(process(0), at: 0)
        #expect(stage.pool.instances[1].state == .starting)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2.5))
        stage.serve(process(1), at: 1)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2.5))
    }

    @Test("a cancelled job counts until its worker has stopped")
    func cancelled() {
        var stage = Stage(loaded: .cards(instances: 1...1), obeysCancel: true)
        stage.arrive(1, units: 1024, at: 1)
        stage.cancel(1, at: 2)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(3))
        stage.fire(.cancel(slot(0)))
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(3))
        stage.open(slot(0), obeysCancel: true, at: 5)
        #expect(stage.pool.ledger(of: 0)?.chargedBytes == gib(2))
    }

    @Test("what others use is what is used and not ours")
    func foreign() {
        var stage = Stage(loaded: .cards(instances: 2...2))
        stage.read(foreign: ["cuda:0": gib(3)], at: 1)
        #expect(stage.pool.devices[0].foreignBytes == gib(3))
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(2))
        // One that cannot be read still holds what it held.
        stage.read([process(1): nil], foreign: ["cuda:0": gib(3)], at: 2)
        #expect(stage.pool.devices[0].foreignBytes == gib(3))
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(2))
    }

    @Test("what a process had that has ended counts until it has been read that it is free")
    func release() {
        var stage = Stage(loaded: .cards(instances: 2...2))
        stage.arrive(1, units: 1024, at: 1)
        #expect(stage.exit(process(0), at: 2).contains(.readMemory))
        #expect(stage.pool.devices[0].unreleasedBytes == gib(3))
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(4))
        // This was read before it ended.
        stage.read(taken: 1.9, at: 2.1)
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(4))
        stage.read(at: 3)
        #expect(stage.pool.devices[0].unreleasedBytes == 0)
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(7))
    }

    @Test("a process may hold its floor and twice the largest peak, within what there is")
    func budget() {
        var stage = Stage(.cards(instances: 1...1))
        let spawn = stage.at(0) { $0.started(now: $1) }
        #expect(spawn == [.spawn(process(0), engine: 0, device: "cuda:0", memoryBytes: gib(4))])

        var large = PoolConfiguration.cards(instances: 1...1)
        large.engines[0].largestUnits = 8 * 1024
        #expect(Pool(configuration: large, seed: 1).budgetOfNext(engine: 0, device: 0) == gib(9))

        var small = PoolConfiguration.cards(instances: 1...1)
        small.engines[0].figures["cuda:0"] = EngineFigures(floorBytes: gib(0.5))
        small.engines[0].figures["cuda:0"]?.peakBytes.observe(units: 1, value: 0)
        #expect(Pool(configuration: small, seed: 1).budgetOfNext(engine: 0, device: 0) == gib(0.75))

        let unknown = PoolConfiguration.cards(instances: 1...1, isMeasured: false)
        #expect(Pool(configuration: unknown, seed: 1).budgetOfNext(engine: 0, device: 0) == gib(9))
    }
}
