import PoolCore
import Testing

/// Instances that are replaced while the pool serves.
@Suite struct ReplacementTests {
    private func ready(_ stage: Stage) -> Int { stage.pool.instances.count(where: \.isReady) }

    @Test("the new one comes before the old one goes, one at a time")
    func newFirst() {
        var stage = Stage(ready: 2)
        let actions = stage.at(1) { $0.reconfigured(.test(instances: 2), replaced: [0], now: $1) }
        #expect(actions == [.spawn(process(2), engine: 0, device: "cpu")])
        stage.at(2) { $0.processSpawned(process(2), now: $1) }
        #expect(stage.open(slot(2), at: 3).contains(.rehearse(slot(2))), "a new definition speaks before it serves")
        #expect(ready(stage) == 2)
        let served = stage.at(4) { $0.rehearsed(process(2), isSound: true, now: $1) }
        #expect(served.contains(.terminate(process(0), because: .replaced)))
        #expect(ready(stage) == 2)
        // The place of the first is the next one's. It needs no trial: the definition is proven.
        let ended = stage.at(5) { $0.processExited(process(0), isCrash: false, now: $1) }
        #expect(ended.contains(.spawn(process(0, 2), engine: 0, device: "cpu")))
        stage.serve(process(0, 2), at: 6)
        #expect(ready(stage) == 2)
        stage.exit(process(1), at: 7)
        #expect(stage.pool.instances.map(\.state).contains(.vacant))
        #expect(stage.pool.instances.filter(\.isReady).map(\.revision) == [1, 1])
        #expect(stage.at(100) { $0.timePassed(now: $1) }.allSatisfy { if case .ask = $0 { true } else { false } })
    }

    @Test("what an old one works on is finished before it goes")
    func finishes() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        stage.at(2) { $0.restartRequested(of: InstanceID(0), now: $1) }
        stage.serve(process(1), at: 3)
        #expect(stage.pool.instances[0].state == .draining)
        let actions = stage.end(1, on: slot(0), at: 4)
        #expect(actions.first == .end(JobID(1), .completed))
        #expect(actions.contains(.terminate(process(0), because: .asked)))
    }

    @Test("a new definition that does not work is rolled back, and nothing has gone")
    func rollsBack() {
        var stage = Stage(ready: 2)
        stage.at(1) { $0.reconfigured(.test(instances: 2), replaced: [0], now: $1) }
        stage.at(2) { $0.processSpawned(process(2), now: $1) }
        stage.open(slot(2), at: 3)
        #expect(
            stage.at(4) { $0.rehearsed(process(2), isSound: false, now: $1) }.contains(
                .kill(process(2), because: .rehearse)
            )
        )
        #expect(stage.exit(process(2), at: 5).contains(.reportRolledBack(engine: 0)))
        #expect(ready(stage) == 2 && stage.pool.revisions[0].current == 0)
        #expect(stage.at(20) { $0.timePassed(now: $1) } == [])
    }

    @Test("one that ends while it loads is rolled back as well, and so is one that never answers")
    func rollsBackLoading() {
        var stage = Stage(ready: 1)
        stage.at(1) { $0.reconfigured(.test(instances: 1), replaced: [0], now: $1) }
        stage.at(2) { $0.processSpawned(process(1), now: $1) }
        stage.fire(.load(process(1)))
        #expect(stage.exit(process(1), at: 70).contains(.reportRolledBack(engine: 0)))
        #expect(ready(stage) == 1)
    }

    @Test("where memory does not allow both, the old one goes first")
    func oldFirst() {
        var configuration = PoolConfiguration.cards(instances: 2...2)
        configuration.engines[0].figures["cuda:0"] = EngineFigures(floorBytes: gib(2))
        configuration.memory["cuda:0"] = DeviceMemory(totalBytes: gib(6), usedBytes: 0)
        var stage = Stage(configuration)
        stage.at(0) { $0.started(now: $1) }
        stage.serve(process(0), at: 0)
        stage.serve(process(1), at: 0)
        #expect(ready(stage) == 2)
        let actions = stage.at(1) { $0.restartRequested(of: InstanceID(0), now: $1) }
        #expect(actions.contains(.terminate(process(0), because: .asked)))
        #expect(ready(stage) == 1)
    }

    @Test("processes are replaced after so many jobs, and at an age")
    func recycles() {
        var stage = Stage(ready: 2) { $0.engines[0].maxJobs = 10 }
        for number in 1...20 {
            guard case .run(let job, let slot)? = stage.arrive(UInt64(number), at: 1).last else { continue }
            stage.end(job.number, on: slot, at: 1)
        }
        #expect(stage.at(2) { $0.timePassed(now: $1) } == [.spawn(process(2), engine: 0, device: "cpu")])
        var aged = Stage(ready: 2) { $0.engines[0].maxAge = .seconds(1_000) }
        #expect(!aged.at(900) { $0.timePassed(now: $1) }.contains(.spawn(process(2), engine: 0, device: "cpu")))
        for instance in 0..<2 { aged.pool.heard(slot(instance), now: moment(900)) }
        #expect(aged.at(1_000) { $0.timePassed(now: $1) }.contains(.spawn(process(2), engine: 0, device: "cpu")))
    }

    @Test("an engine gets more instances, and fewer, the idle ones first")
    func scales() {
        var stage = Stage(ready: 2)
        let more = stage.at(1) { $0.reconfigured(.test(instances: 3), replaced: [], now: $1) }
        #expect(more == [.spawn(process(2), engine: 0, device: "cpu")])
        stage.serve(process(2), at: 2)
        stage.arrive(1, at: 3)
        let fewer = stage.at(4) { $0.reconfigured(.test(instances: 1), replaced: [], now: $1) }
        #expect(
            fewer.contains(.terminate(process(1), because: .notWanted))
                && fewer.contains(.terminate(process(2), because: .notWanted))
        )
        #expect(stage.pool.instances[0].isReady)
    }

    @Test("an engine that is removed does its last jobs before it goes, and one that is added is started")
    func removesAndAdds() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        stage.arrive(2, at: 1)
        var next = PoolConfiguration.test(instances: 1)
        next.engines[0].placements = []
        next.engines[0].instances = 0...0
        next.engines.append(.init(name: "other", devices: ["cpu"]))
        #expect(
            stage.at(2) { $0.reconfigured(next, replaced: [], now: $1) } == [
                .spawn(process(1), engine: 1, device: "cpu")
            ]
        )
        #expect(stage.end(1, on: slot(0), at: 3) == [.end(JobID(1), .completed), .run(JobID(2), slot(0))])
        stage.end(2, on: slot(0), at: 4)
        #expect(stage.at(5) { $0.timePassed(now: $1) }.contains(.terminate(process(0), because: .notWanted)))
    }

    @Test("one that is drained by hand stays away until it is wanted again")
    func drained() {
        var stage = Stage(ready: 2)
        #expect(
            stage.at(1) { $0.drainRequested(of: InstanceID(0), now: $1) }
                .contains(.terminate(process(0), because: .asked))
        )
        stage.at(2) { $0.processExited(process(0), isCrash: false, now: $1) }
        #expect(stage.at(3) { $0.timePassed(now: $1) } == [] && ready(stage) == 1)
        #expect(
            stage.at(4) { $0.restartRequested(of: InstanceID(0), now: $1) }
                == [.spawn(process(0, 2), engine: 0, device: "cpu")]
        )
    }

    @Test("a spare stands by while all others serve, and works when one of them does not")
    func spare() {
        var stage = Stage(ready: 3) { $0.engines[0].spares = 1 }
        for job in 1...3 { stage.arrive(UInt64(job), at: 1) }
        #expect(stage.pool.waitingJobs == 1)
        #expect(stage.close(slot(0), at: 2).contains(.run(JobID(1), slot(2))))
        stage.exit(process(0), at: 3)
        #expect(stage.end(2, on: slot(1), at: 4) == [.end(JobID(2), .completed), .run(JobID(3), slot(1))])
    }

    @Test("a spare works while one more is on its way")
    func spareStandsIn() {
        var stage = Stage(ready: 3) {
            $0.engines[0].instances = 2...3
            $0.engines[0].spares = 1
        }
        stage.at(1) { $0.drainRequested(of: InstanceID(2), now: $1) }
        stage.exit(process(2), at: 2)
        for job in 1...2 { stage.arrive(UInt64(job), at: 3) }
        #expect(stage.pool.waitingJobs == 1)
        let actions = stage.at(4) { $0.restartRequested(of: InstanceID(2), now: $1) }
        #expect(actions == [.spawn(process(2, 2), engine: 0, device: "cpu"), .run(JobID(2), slot(1))])
    }
}
