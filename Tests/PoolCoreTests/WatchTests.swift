import PoolCore
import Testing

/// Instances that hang.
@Suite struct WatchTests {
    /// One engine whose jobs of one unit take 2 s, as eight of them have shown.
    private func timed(instances: Int = 2, slots: Int = 1) -> Stage {
        var stage = Stage(ready: instances, slots: slots)
        for number in 0..<8 {
            let second = Double(number) - 16
            guard case .run(let job, let slot)? = stage.arrive(UInt64(100 + number), at: second).last else { continue }
            stage.end(job.number, on: slot, at: second + 2)
        }
        return stage
    }

    private func pass(_ stage: inout Stage, at seconds: Double) -> [PoolAction] {
        stage.at(seconds) { $0.timePassed(now: $1) }
    }

    @Test("what stands still for three times as long as it should take is aborted, and its job runs elsewhere")
    func hangs() {
        var stage = timed()
        stage.arrive(1, at: 10)
        #expect(stage.pool.standstill(of: slot(0))?.limit == .seconds(6))
        #expect(pass(&stage, at: 15.4) == [])
        #expect(pass(&stage, at: 15.6) == [.set(.terminate(process(0)), 16.6), .abort(process(0))])
        #expect(stage.close(slot(0), at: 15.6) == [.run(JobID(1), slot(1))])
        #expect(stage.fire(.terminate(process(0))) == [.kill(process(0))])
        #expect(stage.end(1, on: slot(1), at: 18).first == .end(JobID(1), .completed))
    }

    @Test("progress is what counts: a slow job that moves is never ended, an answer between is none")
    func moves() {
        var stage = timed()
        stage.arrive(1, at: 10)
        for second in stride(from: 14.0, to: 100, by: 5) {
            stage.pool.jobMoved(slot(0), now: moment(second))
            stage.pool.heard(slot(1), now: moment(second))
            #expect(pass(&stage, at: second + 0.5) == [])
        }
        stage.pool.heard(slot(0), now: moment(102))
        #expect(pass(&stage, at: 106).contains(.abort(process(0))))
    }

    @Test("short jobs have five seconds, and before anything was timed a job has as long as loading")
    func limits() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        #expect(stage.pool.standstill(of: slot(0))?.limit == .seconds(60))
        stage.end(1, on: slot(0), at: 1.1)
        for job in 2..<10 {
            stage.arrive(UInt64(job), at: 1)
            stage.end(UInt64(job), on: slot(0), at: 1.1)
        }
        stage.arrive(10, at: 2)
        #expect(stage.pool.standstill(of: slot(0))?.limit == .seconds(5))
    }

    @Test("a job that hangs two instances is not tried on a third")
    func hangsTwice() {
        var stage = timed(instances: 3)
        stage.arrive(1, at: 10)
        guard case .abort(let first)? = pass(&stage, at: 16).last else { return #expect(Bool(false)) }
        guard case .run(_, let second)? = stage.close(SlotID(process: first, index: 0), at: 16).last else {
            return #expect(Bool(false))
        }
        #expect(pass(&stage, at: 22).last == .abort(second.process))
        #expect(stage.close(second, at: 22) == [.end(JobID(1), .instanceLost)])
    }

    @Test("who has nothing to do is asked every half a minute, and aborted when it does not answer")
    func canary() {
        var stage = Stage(ready: 1)
        #expect(pass(&stage, at: 29.9) == [])
        #expect(pass(&stage, at: 30) == [.ask(slot(0))])
        #expect(pass(&stage, at: 31) == [])
        stage.pool.heard(slot(0), now: moment(32))
        #expect(pass(&stage, at: 40) == [])
        #expect(pass(&stage, at: 62) == [.ask(slot(0))])
        #expect(pass(&stage, at: 66) == [])
        #expect(pass(&stage, at: 67) == [.set(.terminate(process(0)), 68), .abort(process(0))])
    }

    @Test("a job that comes while an answer is awaited runs, and its own movement counts from then on")
    func jobDuringCanary() {
        var stage = Stage(ready: 1)
        #expect(pass(&stage, at: 30) == [.ask(slot(0))])
        #expect(stage.arrive(1, at: 31) == [.run(JobID(1), slot(0))])
        #expect(pass(&stage, at: 40) == [])
    }
}
