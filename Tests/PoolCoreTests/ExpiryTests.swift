import PoolCore
import Testing

/// Jobs that wait too long.
@Suite struct ExpiryTests {
    /// The jobs that ended because they waited too long.
    private func expired(_ actions: [PoolAction]) -> [JobID] {
        actions.compactMap { if case .end(let job, .waitedTooLong) = $0 { job } else { nil } }
    }

    @Test("they end in the order of their arrival, each at its moment")
    func order() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        #expect(stage.arrive(2, at: 1) == [.set(.expire, 61)])
        #expect(stage.arrive(3, at: 2) == [])
        #expect(stage.arrive(4, at: 2) == [])

        let first = stage.fire(.expire)
        #expect(expired(first) == [JobID(2)])
        #expect(first.last == .set(.expire, 62))
        let second = stage.fire(.expire)
        #expect(expired(second) == [JobID(3), JobID(4)])
        #expect(stage.timers.isEmpty)
        #expect(stage.pool.waitingJobs == 0)
        #expect(stage.end(1, on: slot(0), at: 70) == [.end(JobID(1), .completed)])
    }

    @Test("a late timer ends all that are due")
    func late() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        for job in 2...4 { stage.arrive(UInt64(job), at: Double(job)) }
        let actions = stage.fire(.expire, at: 63.5)
        #expect(expired(actions) == [JobID(2), JobID(3)])
        #expect(actions.last == .set(.expire, 64))
    }

    @Test("jobs that have left the queue do not expire, and the timer goes on to the next that may")
    func left() {
        var stage = Stage(ready: 1)
        for job in 1...4 { stage.arrive(UInt64(job), at: Double(job)) }
        stage.cancel(3, at: 5)
        stage.end(1, on: slot(0), at: 6)
        #expect(stage.fire(.expire) == [.set(.expire, 64)])
        #expect(expired(stage.fire(.expire)) == [JobID(4)])
    }

    @Test("retried and continuing jobs wait as long as it takes")
    func exempt() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 1)
        #expect(stage.arrive(3, isContinuation: true, at: 1) == [])
        stage.end(1, on: slot(0), at: 2)
        stage.close(slot(0), at: 3)
        #expect(stage.fire(.expire) == [])
        #expect(stage.pool.waitingJobs == 2)
        #expect(stage.open(slot(0), at: 62) == [.unset(.open(slot(0))), .run(JobID(2), slot(0))])
        #expect(stage.end(2, on: slot(0), at: 63) == [.end(JobID(2), .completed), .run(JobID(3), slot(0))])
    }

    @Test("one timer serves all engines")
    func engines() {
        let engines = ["a", "b"].map { PoolConfiguration.Engine(name: $0, devices: ["cpu"]) }
        var stage = Stage(PoolConfiguration(engines: engines))
        #expect(stage.arrive(1, engine: 1, at: 1) == [.set(.expire, 61)])
        #expect(stage.arrive(2, engine: 0, at: 2) == [])
        #expect(stage.arrive(3, engine: 1, at: 3) == [])
        let first = stage.fire(.expire)
        #expect(expired(first) == [JobID(1)])
        #expect(first.last == .set(.expire, 62))
        let second = stage.fire(.expire)
        #expect(expired(second) == [JobID(2)])
        #expect(second.last == .set(.expire, 63))
    }

    @Test("the ended caller is told when to come back")
    func retryAfter() throws {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 0)
        guard case .end(JobID(2), .waitedTooLong(let wait))? = stage.fire(.expire).first else {
            Issue.record("it did not expire")
            return
        }
        #expect((0.8...72).contains(wait / .seconds(1)))
    }
}
