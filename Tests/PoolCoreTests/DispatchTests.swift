import PoolCore
import Testing

/// Who runs what next.
@Suite struct DispatchTests {
    @Test("a job runs at once on an idle slot and gives it back")
    func runAndEnd() {
        var stage = Stage(ready: 1)
        #expect(stage.arrive(1, at: 1) == [.run(JobID(1), slot(0))])
        #expect(stage.pool.instances[0].busySlots == 1)
        #expect(stage.end(1, on: slot(0), at: 3) == [.end(JobID(1), .completed)])
        #expect(stage.pool.instances[0].slots.map(\.state) == [.idle(since: moment(3))])
        #expect(stage.pool.instances[0].jobsDone == 1)
    }

    @Test("a job that the worker refuses fails, is not retried and not counted as done")
    func failure() {
        var stage = Stage(ready: 2)
        stage.arrive(1, at: 1)
        #expect(stage.end(1, on: slot(0), .failed, at: 3) == [.end(JobID(1), .failed)])
        #expect(stage.pool.instances[0].jobsDone == 0)
        #expect(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(3)) == .zero)
    }

    @Test("the slot that has been idle longest gets the job")
    func longestIdle() {
        var stage = Stage(ready: 3)
        for job in 1...3 { stage.arrive(UInt64(job), at: 1) }
        for (instance, second) in [(1, 2.0), (2, 3.0), (0, 4.0)] {
            stage.end(UInt64(instance + 1), on: slot(instance), at: second)
        }
        #expect(stage.arrive(4, at: 5) == [.run(JobID(4), slot(1))])
        #expect(stage.arrive(5, at: 5) == [.run(JobID(5), slot(2))])
        #expect(stage.arrive(6, at: 5) == [.run(JobID(6), slot(0))])
    }

    @Test("the instance with the least to do comes before the slot that has been idle longest")
    func leastBusy() {
        var stage = Stage(ready: 2, slots: 2)
        let slots = [slot(0, 0), slot(1, 0), slot(0, 1), slot(1, 1)]
        for (index, slot) in slots.enumerated() {
            #expect(stage.arrive(UInt64(index), at: 1) == [.run(JobID(UInt64(index)), slot)])
        }
        stage.end(0, on: slot(0, 0), at: 2)
        stage.end(1, on: slot(1, 0), at: 3)
        stage.end(3, on: slot(1, 1), at: 4)
        #expect(stage.arrive(5, at: 5) == [.run(JobID(5), slot(1, 0))])
    }

    @Test("waiting jobs run in the order of their arrival")
    func order() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        #expect(stage.arrive(2, at: 1) == [.set(.expire, 61)])
        #expect(stage.arrive(3, isContinuation: true, at: 2) == [])
        #expect(stage.arrive(4, at: 3) == [])
        #expect(stage.pool.waitingJobs == 3)
        #expect(stage.end(1, on: slot(0), at: 4) == [.end(JobID(1), .completed), .run(JobID(2), slot(0))])
        #expect(stage.end(2, on: slot(0), at: 5) == [.end(JobID(2), .completed), .run(JobID(3), slot(0))])
        #expect(stage.end(3, on: slot(0), at: 6) == [.end(JobID(3), .completed), .run(JobID(4), slot(0))])
        #expect(stage.pool.waitingJobs == 0)
    }

    @Test("a job waits only for its own engine")
    func engines() {
        let engines = ["a", "b"].map { PoolConfiguration.Engine(name: $0, devices: ["cpu"]) }
        var stage = Stage(PoolConfiguration(engines: engines))
        stage.at(0) { $0.started(now: $1) }
        stage.serve(process(0), at: 0)
        stage.serve(process(1), at: 0)
        #expect(stage.arrive(1, engine: 0, at: 1) == [.run(JobID(1), slot(0))])
        #expect(stage.arrive(2, engine: 0, at: 1) == [.set(.expire, 61)])
        #expect(stage.arrive(3, engine: 1, at: 1) == [.run(JobID(3), slot(1))])
        #expect(stage.end(3, on: slot(1), at: 2) == [.end(JobID(3), .completed)])
        #expect(stage.pool.waitingJobs(engine: 0) == 1)
        #expect(stage.pool.waitingJobs(engine: 1) == 0)
    }

    @Test("a new slot takes a waiting job")
    func newSlot() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        stage.arrive(2, at: 1)
        stage.close(slot(0), canRestart: false, at: 2)
        #expect(stage.open(slot(0), at: 3) == [.unset(.open(slot(0))), .run(JobID(2), slot(0))])
    }
}
