import PoolCore
import Testing

/// The end of a pool.
@Suite struct DrainTests {
    @discardableResult
    private func drain(_ stage: inout Stage, at seconds: Double) -> [PoolAction] {
        stage.at(seconds) { $0.drainRequested(now: $1) }
    }

    @Test("an idle pool ends its processes at once")
    func idle() {
        var stage = Stage(ready: 2)
        #expect(
            drain(&stage, at: 1) == [
                .set(.drain, 31), .unset(.drain),
                .set(.terminate(process(0)), 4), .terminate(process(0)),
                .set(.terminate(process(1)), 4), .terminate(process(1)),
            ]
        )
        #expect(stage.exit(process(1), at: 2) == [.unset(.terminate(process(1)))])
        #expect(stage.exit(process(0), at: 3) == [.unset(.terminate(process(0))), .drained])
        #expect(stage.timers.isEmpty)
        #expect(drain(&stage, at: 4) == [])
    }

    @Test("what runs and what waits is finished first")
    func busy() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 0)
        #expect(drain(&stage, at: 1) == [.set(.drain, 31)])
        #expect(stage.end(1, on: slot(0), at: 2) == [.end(JobID(1), .completed), .run(JobID(2), slot(0))])
        #expect(
            stage.end(2, on: slot(0), at: 3) == [
                .end(JobID(2), .completed), .unset(.drain), .unset(.expire),
                .set(.terminate(process(0)), 6), .terminate(process(0)),
            ]
        )
    }

    @Test("the last caller's leaving is an end as well")
    func cancelled() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        drain(&stage, at: 1)
        #expect(
            stage.cancel(1, at: 2) == [
                .set(.cancel(slot(0)), 4), .interrupt(slot(0)), .end(JobID(1), .cancelled), .unset(.drain),
                .unset(.cancel(slot(0))), .set(.terminate(process(0)), 5), .terminate(process(0)),
            ]
        )
        #expect(stage.end(1, on: slot(0), .failed, at: 3) == [])
        #expect(stage.exit(process(0), at: 3) == [.unset(.terminate(process(0))), .drained])
    }

    @Test("the last job's expiry is an end as well")
    func expired() {
        var stage = Stage(.test(instances: 1))
        stage.arrive(1, at: 0)
        drain(&stage, at: 59)
        #expect(stage.fire(.expire).suffix(2) == [.unset(.drain), .drained])
    }

    @Test("a process that dies meanwhile is made again for the jobs that wait")
    func restart() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        drain(&stage, at: 1)
        stage.close(slot(0), at: 2)
        stage.exit(process(0), at: 2)
        #expect(stage.fire(.restart(InstanceID(0))) == [.spawn(process(0, 2), engine: 0, device: "cpu")])
        stage.serve(process(0, 2), at: 3)
        #expect(stage.end(1, on: slot(0, incarnation: 2), at: 4).contains(.terminate(process(0, 2))))
    }

    @Test("what is left when the time is up fails, and the processes are ended")
    func timeout() {
        var stage = Stage(ready: 1)
        for job in 1...3 { stage.arrive(UInt64(job), at: 0) }
        drain(&stage, at: 1)
        #expect(
            stage.fire(.drain) == [
                .end(JobID(1), .shutDown), .end(JobID(2), .shutDown), .end(JobID(3), .shutDown), .unset(.expire),
                .set(.terminate(process(0)), 34), .terminate(process(0)),
            ]
        )
        #expect(stage.pool.waitingJobs == 0)
        #expect(stage.end(1, on: slot(0), at: 32) == [])
        #expect(stage.close(slot(0), at: 32) == [])
        #expect(stage.exit(process(0), at: 33) == [.unset(.terminate(process(0))), .drained])
    }

    @Test("who does not end when told is killed")
    func kill() {
        var stage = Stage(ready: 1)
        drain(&stage, at: 1)
        #expect(stage.fire(.terminate(process(0))) == [.kill(process(0), because: .end)])
        #expect(stage.exit(process(0), at: 5) == [.drained])
    }

    @Test("a process that loads is ended")
    func loading() {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        stage.at(0) { $0.processSpawned(process(0), now: $1) }
        #expect(
            drain(&stage, at: 1) == [
                .set(.drain, 31), .unset(.drain), .unset(.load(process(0))),
                .set(.terminate(process(0)), 4), .terminate(process(0)),
            ]
        )
        #expect(stage.open(slot(0), at: 2) == [])
        #expect(stage.exit(process(0), at: 2) == [.unset(.terminate(process(0))), .drained])
    }

    @Test("a process that is being made is ended when it lives")
    func starting() {
        var stage = Stage(.test(instances: 2))
        stage.at(0) { $0.started(now: $1) }
        #expect(drain(&stage, at: 1) == [.set(.drain, 31), .unset(.drain)])
        #expect(
            stage.at(2) { $0.processSpawned(process(0), now: $1) } == [
                .set(.terminate(process(0)), 5), .terminate(process(0)),
            ]
        )
        #expect(stage.exit(process(1), at: 2) == [])
        #expect(stage.exit(process(0), at: 3) == [.unset(.terminate(process(0))), .drained])
    }

    @Test("an instance that waits to be started again is not")
    func backoff() {
        var stage = Stage(ready: 1)
        stage.exit(process(0), at: 1)
        #expect(
            drain(&stage, at: 1.01) == [.set(.drain, 31.01), .unset(.drain), .unset(.restart(InstanceID(0))), .drained]
        )
    }

    @Test("slots that are being connected are left alone")
    func opening() {
        var stage = Stage(ready: 1)
        stage.close(slot(0), at: 1)
        #expect(
            drain(&stage, at: 2) == [
                .set(.drain, 32), .unset(.drain),
                .unset(.open(slot(0))), .set(.terminate(process(0)), 5), .terminate(process(0)),
            ]
        )
        #expect(stage.open(slot(0), at: 3) == [])
    }

    @Test("a stop does not wait for jobs")
    func stop() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        #expect(
            stage.at(1) { $0.stopRequested(now: $1) } == [
                .end(JobID(1), .shutDown), .set(.terminate(process(0)), 4), .terminate(process(0)),
            ]
        )
        #expect(drain(&stage, at: 2) == [])
        #expect(stage.at(2) { $0.stopRequested(now: $1) } == [])
        #expect(stage.exit(process(0), at: 3) == [.unset(.terminate(process(0))), .drained])
    }

    @Test("a stop cuts a drain short")
    func stopWhileDraining() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        drain(&stage, at: 1)
        #expect(
            stage.at(2) { $0.stopRequested(now: $1) } == [
                .unset(.drain), .end(JobID(1), .shutDown), .set(.terminate(process(0)), 5), .terminate(process(0)),
            ]
        )
    }
}
