import Testing

@testable import PoolCore

/// Measurements belong to a definition of an engine, and say nothing of the next one.
@Suite struct RevisionTests {
    /// The engine is defined otherwise from now on.
    @discardableResult
    private func redefine(
        _ stage: inout Stage,
        figures: EngineFigures? = nil,
        at seconds: Double
    ) -> [PoolAction] {
        var next = stage.pool.configuration
        next.engines[0].figures = [:]
        if let figures { next.engines[0].figures["cuda:0"] = figures }
        return stage.at(seconds) { $0.reconfigured(next, replaced: [0], now: $1) }
    }

    /// Brings a process of a new definition to where it serves.
    private func prove(_ stage: inout Stage, _ process: ProcessID, at seconds: Double) -> [PoolAction] {
        let slot = SlotID(process: process, index: 0)
        stage.at(seconds) { $0.processSpawned(process, now: $1) }
        stage.open(slot, at: seconds)
        return stage.at(seconds) { $0.rehearsed(process, isSound: true, now: $1) }
    }

    @Test("the first process of a definition that nobody has measured may have all the room that there is")
    func budget() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        let spawned = redefine(&stage, at: 1)
        #expect(spawned == [.spawn(process(1), engine: 0, device: "cuda:0", memoryBytes: gib(7))])
    }

    @Test("what was measured of a definition in another life holds for it")
    func known() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        var larger = EngineFigures(floorBytes: gib(4))
        larger.peakBytes.observe(units: 1024, value: Double(gib(0.5)))
        let spawned = redefine(&stage, figures: larger, at: 1)
        #expect(spawned == [.spawn(process(1), engine: 0, device: "cuda:0", memoryBytes: gib(5))])
        #expect(stage.pool.figures[0][0].floorBytes == gib(2), "until it serves the old one is what the engine is")
    }

    @Test("no wall is set before the new one has been read, and then it stands beyond what it has")
    func wall() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        redefine(&stage, at: 1)
        let served = prove(&stage, process(1), at: 2)
        #expect(served.contains(.terminate(process(0), because: .replaced)))
        #expect(served.limits.isEmpty)
        stage.exit(process(0), at: 3)
        let read = stage.read([process(1): gib(5)], at: 4)
        #expect(read.limits == [.limit(process(1), memoryBytes: gib(9))])
    }

    @Test("while both serve each is charged, and has its wall, by what its own definition takes")
    func both() {
        var configuration = PoolConfiguration.cards(instances: 2...2)
        configuration.memory["cuda:0"] = DeviceMemory(totalBytes: gib(24), usedBytes: 0)
        var stage = Stage(loaded: configuration)
        var larger = EngineFigures(floorBytes: gib(3))
        larger.peakBytes.observe(units: 1024, value: Double(gib(2)))
        redefine(&stage, figures: larger, at: 1)
        _ = prove(&stage, process(2), at: 2)
        stage.exit(process(0), at: 2)
        stage.read([process(2): gib(3)], at: 3)
        #expect(stage.pool.instances.filter(\.isReady).map(\.revision) == [0, 1])
        let before = stage.pool.ledger(of: 0)?.chargedBytes ?? 0
        stage.arrive(1, units: 1024, at: 4)
        let first = stage.pool.ledger(of: 0)?.chargedBytes ?? 0
        stage.arrive(2, units: 1024, at: 4)
        let second = stage.pool.ledger(of: 0)?.chargedBytes ?? 0
        #expect(Set([first - before, second - first]) == [gib(1), gib(2)])
    }

    @Test("a definition that is rolled back leaves nothing behind")
    func rollsBack() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        let before = stage.pool.figures[0][0]
        redefine(&stage, at: 1)
        stage.at(2) { $0.processSpawned(process(1), now: $1) }
        stage.read([process(1): gib(6)], at: 2)
        stage.open(slot(1), at: 3)
        stage.at(4) { $0.rehearsed(process(1), isSound: false, now: $1) }
        #expect(stage.exit(process(1), at: 5).contains(.reportRolledBack(engine: 0)))
        #expect(stage.pool.figures[0][0] == before)
    }

    @Test("a definition of which it is known that it fits nowhere costs no instance, and is rolled back")
    func fitsNowhere() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        var larger = EngineFigures(floorBytes: gib(8.5))
        larger.peakBytes.observe(units: 1024, value: Double(gib(1)))
        #expect(redefine(&stage, figures: larger, at: 1) == [])
        #expect(stage.at(2) { $0.timePassed(now: $1) } == [.reportRolledBack(engine: 0)])
        #expect(stage.ready == 1 && stage.pool.revisions[0].current == 0)
    }

    @Test("one that lacks room because of others waits for it, and the old one serves")
    func waits() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        var larger = EngineFigures(floorBytes: gib(6))
        larger.peakBytes.observe(units: 1024, value: Double(gib(1)))
        stage.read(foreign: ["cuda:0": gib(4)], at: 0.5)
        #expect(redefine(&stage, figures: larger, at: 1) == [])
        #expect(stage.at(2) { $0.timePassed(now: $1) } == [] && stage.ready == 1)
        stage.read(at: 3)
        let replaced = stage.at(4) { $0.timePassed(now: $1) }
        #expect(replaced.contains(.terminate(process(0), because: .replaced)))
    }

    @Test("one whose device has no room for the next definition keeps none elsewhere from it")
    func passesOver() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        var larger = EngineFigures(floorBytes: gib(6))
        larger.peakBytes.observe(units: 1024, value: Double(gib(1)))
        var next = stage.pool.configuration
        for device in ["cuda:0", "cuda:1"] { next.engines[0].figures[device] = larger }
        stage.read(foreign: ["cuda:0": gib(4), "cuda:1": gib(1)], at: 0.5)
        let replaced = stage.at(1) { $0.reconfigured(next, replaced: [0], now: $1) }
        #expect(replaced.contains(.terminate(process(1), because: .replaced)))
        #expect(stage.pool.instances[0].isReady)
    }

    @Test("an elastic engine is measured anew when it is defined anew, after it has spoken a sample")
    func measuredAnew() {
        var stage = Stage(loaded: .cards(instances: 1...2))
        redefine(&stage, at: 1)
        let new = stage.pool.instances.first { $0.revision == 1 }?.process ?? process(0)
        let slot = SlotID(process: new, index: 0)
        stage.at(2) { $0.processSpawned(new, now: $1) }
        #expect(stage.open(slot, at: 2).contains(.rehearse(slot)))
        #expect(stage.at(3) { $0.measured(new, now: $1) } == [], "it has to speak well first")
        let rehearsed = stage.at(3) { $0.rehearsed(new, isSound: true, now: $1) }
        #expect(rehearsed.contains(.measure(slot)))
        #expect(stage.at(3) { $0.rehearsed(new, isSound: false, now: $1) } == [], "that is no news any more")
        stage.read([new: gib(5)], at: 4)
        stage.at(5) { $0.measured(new, now: $1) }
        #expect(stage.pool.figures[0][0].floorBytes == gib(5))
        #expect(stage.pool.figures(of: stage.pool.instances[0]).floorBytes == gib(2))
    }

    @Test("the lengths that the old one made say nothing of what the new one makes, nor the other way round")
    func lengths() {
        var stage = Stage(ready: 2)
        func speak(_ number: UInt64, _ slot: SlotID, seconds: Double) {
            stage.at(1) { $0.jobEnded(JobID(number), on: slot, outcome: .completed, audio: .seconds(seconds), now: $1) }
        }
        for number in 1...20 {
            guard case .run(_, let slot)? = stage.arrive(UInt64(number), at: 1).last else { continue }
            speak(UInt64(number), slot, seconds: 1)
        }
        stage.at(2) { $0.reconfigured(.test(instances: 2), replaced: [0], now: $1) }
        _ = prove(&stage, process(2), at: 3)
        let slots = ([21, 22] as [UInt64]).compactMap { number -> SlotID? in
            guard case .run(_, let slot)? = stage.arrive(number, at: 4).last else { return nil }
            return slot
        }
        for (number, slot) in zip([21, 22] as [UInt64], slots) {
            let isNew = slot.process == process(2)
            func doubts(_ seconds: Double) -> Bool {
                stage.pool.doubts(JobID(number), on: slot, audio: .seconds(seconds), isSound: true)
            }
            #expect(doubts(3) == !isNew)
            #expect(!doubts(1))
        }
        #expect(slots.contains(slot(2)))
    }

    @Test("how long the old one took says nothing of how long the new one may take")
    func times() {
        var stage = Stage(ready: 1)
        for number in 1...20 {
            stage.arrive(UInt64(number), at: 1)
            stage.end(UInt64(number), on: slot(0), at: 1.1)
        }
        stage.at(2) { $0.reconfigured(.test(instances: 1), replaced: [0], now: $1) }
        _ = prove(&stage, process(1), at: 3)
        stage.exit(process(0), at: 4)
        stage.arrive(21, at: 5)
        for second in stride(from: 5.5, to: 60, by: 0.5) {
            #expect(!stage.at(second) { $0.timePassed(now: $1) }.contains(.abort(process(1))))
        }
    }

    @Test("only a definition that has served is worth keeping")
    func proven() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        #expect(stage.pool.revisions[0].proven == 0)
        redefine(&stage, at: 1)
        #expect(stage.pool.revisions[0].proven == 0)
        _ = prove(&stage, process(1), at: 2)
        #expect(stage.pool.revisions[0].proven == 1)
        let unmeasured = Stage(.cards(instances: 1...1))
        #expect(unmeasured.pool.revisions[0].proven == nil)
    }
}

extension [PoolAction] {
    /// The walls that are set.
    fileprivate var limits: [PoolAction] { filter { if case .limit = $0 { true } else { false } } }
}
