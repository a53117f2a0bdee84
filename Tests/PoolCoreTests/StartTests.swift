import PoolCore
import Testing

/// From nothing to an instance that serves.
@Suite struct StartTests {
    @Test("every instance is started at once")
    func start() {
        let configuration = PoolConfiguration(engines: [
            .init(name: "a", devices: ["cuda:0", "cuda:1"]),
            .init(name: "b", devices: ["cpu"]),
        ])
        var stage = Stage(configuration)
        #expect(
            stage.at(0) { $0.started(now: $1) } == [
                .spawn(process(0), engine: 0, device: "cuda:0"),
                .spawn(process(1), engine: 0, device: "cuda:1"),
                .spawn(process(2), engine: 1, device: "cpu"),
            ]
        )
        #expect(stage.pool.instances.allSatisfy { $0.state == .starting })
    }

    @Test("a process that lives is connected to and has the load timeout to answer")
    func load() {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        #expect(
            stage.at(1) { $0.processSpawned(process(0), now: $1) } == [.set(.load(process(0)), 61), .open(slot(0))]
        )
        #expect(!stage.pool.instances[0].isReady)
    }

    @Test("the first answer makes the instance ready")
    func ready() {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        #expect(stage.open(slot(0), at: 2) == [.unset(.load(process(0)))])
        #expect(stage.pool.instances[0].state == .ready(since: moment(2)))
        #expect(stage.pool.instances[0].slots.map(\.state) == [.idle(since: moment(2))])
        #expect(stage.pool.readySlots(engine: 0) == 1)
    }

    @Test("further declared slots are connected to when the first has answered, each within the load timeout")
    func severalSlots() {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        #expect(
            stage.open(slot(0), slots: 3, at: 2) == [
                .unset(.load(process(0))),
                .set(.open(slot(0, 1)), 62), .open(slot(0, 1)),
                .set(.open(slot(0, 2)), 62), .open(slot(0, 2)),
            ]
        )
        #expect(stage.open(slot(0, 2), at: 3) == [.unset(.open(slot(0, 2)))])
        #expect(stage.open(slot(0, 1), at: 4) == [.unset(.open(slot(0, 1)))])
        #expect(stage.pool.instances[0].slots.map(\.state) == [2, 4, 3].map { .idle(since: moment($0)) })
    }

    @Test(
        "a senseless number of slots is brought to the nearest sensible one",
        arguments: [(-1, 1), (0, 1), (1000, 256)]
    )
    func slotLimits(declared: Int, used: Int) {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        stage.open(slot(0), slots: declared, at: 0)
        #expect(stage.pool.instances[0].slots.count == used)
    }

    @Test("a process that does not answer in time is killed and made again after a wait")
    func loadTimeout() throws {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        #expect(stage.fire(.load(process(0))) == [.kill(process(0), because: .load)])
        #expect(stage.open(slot(0), at: 61) == [])

        let exit = stage.exit(process(0), at: 62)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(exit == [.set(.restart(InstanceID(0)), restart)])
        #expect((62.05...62.1).contains(restart))
        #expect(stage.fire(.restart(InstanceID(0))) == [.spawn(process(0, 2), engine: 0, device: "cpu")])
    }

    @Test("a process that could not be made is tried again after a wait")
    func spawnFailure() throws {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        let exit = stage.exit(process(0), at: 1)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(exit == [.set(.restart(InstanceID(0)), restart)])
        #expect(stage.fire(.restart(InstanceID(0))) == [.spawn(process(0, 2), engine: 0, device: "cpu")])
    }

    @Test("a process that dies while it loads is made again after a wait")
    func deathWhileLoading() throws {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        let exit = stage.exit(process(0), at: 1)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(exit == [.unset(.load(process(0))), .set(.restart(InstanceID(0)), restart)])
    }

    @Test("a slot that does not answer on its new connection in time means that the process hangs")
    func openTimeout() throws {
        var stage = Stage(ready: 1, slots: 2)
        #expect(stage.close(slot(0, 1), at: 5) == [.set(.open(slot(0, 1)), 65), .open(slot(0, 1))])
        stage.close(slot(0, 0), at: 6)
        #expect(stage.fire(.open(slot(0, 1))) == [.unset(.open(slot(0, 0))), .kill(process(0), because: .answer)])
        #expect(stage.open(slot(0, 0), at: 66) == [])

        let exit = stage.exit(process(0), at: 67)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(exit == [.set(.restart(InstanceID(0)), restart)])
    }

    @Test("a job that waits for the first instance is run when it is ready")
    func jobBeforeReady() {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        #expect(stage.arrive(1, at: 0) == [.set(.expire, 60)])
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        #expect(stage.open(slot(0), at: 1) == [.unset(.load(process(0))), .run(JobID(1), slot(0))])
    }
}
