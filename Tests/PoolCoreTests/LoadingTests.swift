@testable import PoolCore
import Testing

/// How many are loaded, and in which order.
@Suite struct LoadingTests {
    @Test("as many are loaded as can all speak the largest text at once, one at a time")
    func elastic() {
        var stage = Stage(.cards(instances: 1...8))
        #expect(stage.at(0) { $0.started(now: $1) }.spawns == [process(0)])
        stage.serve(process(0), at: 1)
        #expect(stage.pool.instances.map(\.state) == [.ready(since: moment(1)), .starting])
        stage.load(at: 2)
        #expect(stage.ready == 3)
        #expect(stage.pool.instances.count == 3)
        #expect(!stage.pool.lacksRoom(engine: 0))
    }

    @Test("no more are loaded than are wanted, nor than may be on a device")
    func maximum() {
        #expect(Stage(loaded: .cards(instances: 1...2)).ready == 2)
        var configuration = PoolConfiguration.cards(instances: 1...8)
        configuration.engines[0].placements[0].maximum = 1
        #expect(Stage(loaded: configuration).ready == 1)
    }

    @Test("those that cannot run at once need not fit at their peaks at once")
    func hotSpares() {
        var configuration = PoolConfiguration.cards(instances: 1...8)
        configuration.engines[0].maxRunning = 1
        #expect(Stage(loaded: configuration).ready == 4)
    }

    @Test("of an exact number so many are loaded as fit beside one job, the rest when there is room")
    func exact() {
        let stage = Stage(loaded: .cards(instances: 5...5))
        #expect(stage.ready == 4)
        #expect(stage.pool.lacksRoom(engine: 0))
        #expect(stage.pool.instances[4].state == .vacant)
    }

    @Test("the rest of an exact number comes when others have left")
    func room() {
        var stage = Stage(.cards(instances: 3...3))
        let others = ["cuda:0": gib(4)]
        stage.read(foreign: others, at: 0)
        stage.at(0) { $0.started(now: $1) }
        while let process = stage.pool.instances.first(where: { $0.state == .starting })?.process {
            stage.serve(process, at: 1)
            stage.read(foreign: others, at: 1)
        }
        #expect(stage.ready == 2)
        #expect(stage.pool.lacksRoom(engine: 0))
        #expect(stage.read(at: 2).spawns == [process(2)])
        #expect(!stage.pool.lacksRoom(engine: 0))
    }

    @Test("the first of an unknown elastic engine is loaded alone and measured")
    func measured() throws {
        var stage = Stage(.cards(instances: 1...8, isMeasured: false))
        #expect(
            stage.at(0) { $0.started(now: $1) } == [
                .spawn(process(0), engine: 0, device: "cuda:0", memoryBytes: gib(9))
            ]
        )
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        #expect(
            stage.open(slot(0), at: 1) == [
                .unset(.load(process(0))), .set(.measure(process(0)), 31), .measure(slot(0)),
            ]
        )
        #expect(stage.arrive(1, at: 1).runs.isEmpty)
        stage.read(at: 2)
        for units in [128, 512, 1024] { stage.peakMeasured(process(0), units: units, bytes: units << 20, at: 3) }
        let done = stage.at(4) { $0.measured(process(0), now: $1) }
        #expect(done.first == .unset(.measure(process(0))))
        #expect(done.runs == [.run(JobID(1), slot(0))])
        #expect(done.spawns == [process(1)])
        #expect(stage.read(at: 4.5).contains(.limit(process(0), memoryBytes: gib(4))))
        stage.load(at: 5)
        #expect(stage.ready == 3)
    }

    @Test("one whose measuring is cut short serves, and the next waits until it has been read")
    func measuringBreaks() {
        for isTimer in [false, true] {
            var stage = Stage(.cards(instances: 1...8, isMeasured: false))
            stage.at(0) { $0.started(now: $1) }
            stage.serve(process(0), at: 0)
            let actions = isTimer ? stage.fire(.measure(process(0))) : stage.close(slot(0), at: 2)
            #expect(actions.contains(.open(slot(0))))
            #expect(actions.spawns.isEmpty)
            #expect(stage.pool.instances[0].isReady)
            stage.open(slot(0), at: 40)
            #expect(stage.read(at: 41).spawns == [process(1)])
            #expect(stage.timers.isEmpty)
        }
    }

    @Test("one that dies while it is measured is made again after a wait")
    func measuringDies() {
        var stage = Stage(.cards(instances: 1...8, isMeasured: false))
        stage.at(0) { $0.started(now: $1) }
        stage.serve(process(0), at: 0)
        #expect(stage.exit(process(0), at: 1).contains(.unset(.measure(process(0)))))
        stage.fire(.restart(InstanceID(0)))
        #expect(stage.pool.instances[0].state == .starting)
    }

    @Test("what is read while a process loads is not taken for what it comes to hold")
    func readWhileLoading() {
        var stage = Stage(.cards(instances: 1...8, isMeasured: false))
        stage.at(0) { $0.started(now: $1) }
        stage.serve(process(0), at: 2)
        stage.read([process(0): gib(0.5)], taken: 1, at: 3)
        #expect(stage.pool.figures[0][0].floorBytes == nil)
        stage.read(taken: 3, at: 4)
        stage.at(5) { $0.measured(process(0), now: $1) }
        #expect(stage.pool.figures[0][0].floorBytes == gib(2))
    }

    @Test("engines that lack their least number come first")
    func order() {
        var configuration = PoolConfiguration.cards(instances: 1...8)
        var other = configuration.engines[0]
        other.instances = 2...2
        configuration.engines.append(other)
        var stage = Stage(configuration)
        stage.at(0) { $0.started(now: $1) }
        stage.load(at: 0)
        #expect(stage.pool.instances.map(\.engine) == [0, 1, 1])
        #expect(stage.ready == 3)
    }

    @Test("an engine that finds no room keeps no smaller one from its least number")
    func smallerOne() {
        var configuration = PoolConfiguration.cards(instances: 1...1)
        configuration.engines[0].figures["cuda:0"]?.floorBytes = gib(20)
        var other = configuration.engines[0]
        other.figures["cuda:0"] = .measured
        configuration.engines.append(other)
        var stage = Stage(configuration)
        #expect(stage.at(0) { $0.started(now: $1) }.spawns == [process(1)])
        stage.load(at: 0)
        #expect(stage.pool.lacksRoom(engine: 0))
    }

    @Test("devices are loaded side by side, and get theirs in turn")
    func devices() {
        var stage = Stage(.cards(2, instances: 1...5))
        #expect(stage.at(0) { $0.started(now: $1) }.spawns == [process(0), process(1)])
        stage.load(at: 0)
        #expect(stage.pool.instances.map(\.device).sorted() == [0, 0, 0, 1, 1])

        var unknown = PoolConfiguration.cards(2, instances: 1...4)
        unknown.memory = [:]
        var blind = Stage(unknown)
        #expect(blind.at(0) { $0.started(now: $1) }.spawns.count == 4)
        #expect(blind.pool.instances.map(\.device).sorted() == [0, 0, 1, 1])
    }

    @Test("the next is loaded after a death only when it has been read that the memory is free")
    func releaseLag() {
        var stage = Stage(loaded: .cards(instances: 4...4))
        #expect(stage.ready == 4)
        stage.exit(process(0), at: 10)
        #expect(stage.fire(.restart(InstanceID(0)), at: 10.2) == [])
        #expect(stage.pool.instances[0].state == .vacant)
        // The driver has not released it yet.
        #expect(stage.read(foreign: ["cuda:0": gib(2)], at: 11).spawns.isEmpty)
        #expect(stage.read(foreign: ["cuda:0": gib(1.5)], at: 12).spawns.isEmpty)
        #expect(stage.read(at: 13).spawns == [process(0, 2)])
    }

    @Test("where the driver has gone, what a dead one held is taken for free after a minute")
    func driverGone() {
        var stage = Stage(loaded: .cards(instances: 4...4))
        stage.exit(process(0), at: 10)
        stage.fire(.restart(InstanceID(0)), at: 10.2)
        func blind(_ seconds: Double) -> [PoolAction] {
            stage.at(seconds) { $0.memoryRead(MemoryReading(taken: $1), now: $1) }
        }
        #expect(blind(69).spawns.isEmpty)
        #expect(blind(71).spawns == [process(0, 2)])
    }

    @Test("an engine that has one more for a dead one has no more than it may have")
    func afterDeath() {
        var stage = Stage(loaded: .cards(instances: 1...2))
        stage.exit(process(0), at: 1)
        stage.read(at: 2)
        #expect(stage.pool.instances.count { $0.hasProcess } == 1)
        stage.fire(.restart(InstanceID(0)))
        #expect(stage.pool.instances.count { $0.hasProcess } == 2)
    }

    @Test("one that dies is not replaced by another on its device before its wait is over")
    func noCrashLoop() {
        var stage = Stage(.cards(2, instances: 1...8))
        stage.at(0) { $0.started(now: $1) }
        let exit = stage.exit(process(0), at: 1)
        #expect(exit.spawns.isEmpty)
        stage.read(at: 1.01)
        #expect(stage.pool.instances.map(\.device) == [0, 1])
        #expect(stage.fire(.restart(InstanceID(0))).spawns == [process(0, 2)])
    }
}
