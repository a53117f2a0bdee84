import PoolCore
import Testing

/// Callers that leave.
@Suite struct CancelTests {
    @Test("a waiting job never reaches a worker")
    func waiting() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 1)
        #expect(stage.cancel(2, at: 2) == [.end(JobID(2), .cancelled)])
        #expect(stage.pool.waitingJobs == 0)
        #expect(stage.end(1, on: slot(0), at: 3) == [.end(JobID(1), .completed)])
    }

    @Test("a worker that obeys is asked to stop, and its slot is free when it has")
    func obeyed() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 1)
        #expect(
            stage.cancel(1, at: 2) == [
                .set(.cancel(slot(0)), 4), .interrupt(slot(0)), .end(JobID(1), .cancelled),
            ]
        )
        #expect(stage.pool.instances[0].busySlots == 1)
        #expect(
            stage.end(1, on: slot(0), .failed, at: 2.1) == [
                .unset(.cancel(slot(0))), .run(JobID(2), slot(0)),
            ]
        )
        #expect(stage.pool.instances[0].jobsDone == 0)
    }

    @Test("a worker that does not know how to stop is cut off at once")
    func cutOff() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 1)
        #expect(
            stage.cancel(1, at: 2) == [
                .set(.open(slot(0)), 4), .open(slot(0)), .end(JobID(1), .cancelled),
            ]
        )
        #expect(stage.end(1, on: slot(0), at: 3) == [])
        #expect(stage.open(slot(0), at: 3.9) == [.unset(.open(slot(0))), .run(JobID(2), slot(0))])
    }

    @Test("a worker that does not obey in time is cut off")
    func grace() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.cancel(1, at: 2)
        #expect(stage.fire(.cancel(slot(0))) == [.set(.open(slot(0)), 6), .open(slot(0))])
        #expect(stage.end(1, on: slot(0), at: 5) == [])
        #expect(stage.open(slot(0), at: 5.5) == [.unset(.open(slot(0)))])
    }

    @Test("a worker that goes on with what nobody wants is killed only when somebody waits for it")
    func killedForOthers() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.cancel(1, at: 2)
        #expect(stage.fire(.open(slot(0))) == [.set(.open(slot(0)), 6)])
        stage.arrive(2, at: 5)
        #expect(stage.fire(.open(slot(0))) == [.kill(process(0), because: .answer)])
        // It was no fault of its own, so the next one is made at once.
        #expect(stage.exit(process(0), at: 6.5).contains(.spawn(process(0, 2), engine: 0, device: "cpu")))
    }

    @Test("an instance that does something else for others is not killed for one slot that does not stop")
    func sparedForOthers() {
        var stage = Stage(ready: 1, slots: 2)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 0)
        stage.arrive(3, at: 0)
        stage.cancel(1, at: 2)
        #expect(stage.fire(.open(slot(0, 0))) == [.set(.open(slot(0, 0)), 6)])
        stage.end(2, on: slot(0, 1), at: 5)
        stage.end(3, on: slot(0, 1), at: 5.5)
        #expect(stage.fire(.open(slot(0, 0))) == [.set(.open(slot(0, 0)), 8)])
    }

    @Test("a worker that never answers again is killed after the load timeout")
    func killedAtLast() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.cancel(1, at: 2)
        var last: [PoolAction] = []
        while let deadline = stage.deadline(.open(slot(0))), deadline <= 62 { last = stage.fire(.open(slot(0))) }
        #expect(last == [.kill(process(0), because: .answer)])
    }

    @Test("only the answer to the cancelled job frees the slot")
    func otherAnswer() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.end(1, on: slot(0), at: 1)
        stage.arrive(2, at: 2)
        stage.arrive(3, at: 2)
        stage.cancel(2, at: 3)
        #expect(stage.end(1, on: slot(0), at: 3.5) == [])
        #expect(
            stage.end(2, on: slot(0), at: 4) == [.unset(.cancel(slot(0))), .run(JobID(3), slot(0))]
        )
    }

    @Test("an interrupted slot whose connection breaks is connected anew")
    func brokenWhileInterrupted() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.cancel(1, at: 1)
        #expect(
            stage.close(slot(0), at: 1.5) == [
                .unset(.cancel(slot(0))), .set(.open(slot(0)), 61.5), .open(slot(0)),
            ]
        )
    }

    @Test("an interrupted slot ends with its process")
    func deathWhileInterrupted() throws {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.cancel(1, at: 1)
        let exit = stage.exit(process(0), at: 1.5)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(exit == [.unset(.cancel(slot(0))), .set(.restart(InstanceID(0)), restart)])
    }

    @Test("a worker that is being killed is not asked to stop")
    func killed() {
        var stage = Stage(ready: 1, slots: 2, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.close(slot(0, 1), at: 0)
        #expect(stage.fire(.open(slot(0, 1))) == [.kill(process(0), because: .answer)])
        #expect(stage.cancel(1, at: 60) == [.end(JobID(1), .cancelled)])
    }

    @Test("a job that has ended cannot be cancelled")
    func ended() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.end(1, on: slot(0), at: 1)
        #expect(stage.cancel(1, at: 2) == [])
        #expect(stage.cancel(7, at: 2) == [])
    }

    @Test("a job that waits for its retry can be cancelled")
    func retried() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.close(slot(0), at: 1)
        #expect(stage.cancel(1, at: 2) == [.end(JobID(1), .cancelled)])
        #expect(stage.open(slot(0), at: 3) == [.unset(.open(slot(0)))])
    }
}
