import PoolCore
import Testing

/// Jobs whose instance fails.
@Suite struct RetryTests {
    @Test("a job whose connection broke runs once more, on another instance")
    func retry() {
        var stage = Stage(ready: 2)
        stage.arrive(1, at: 1)
        #expect(
            stage.close(slot(0), at: 2) == [
                .set(.open(slot(0)), 62), .open(slot(0)), .run(JobID(1), slot(1)),
            ]
        )
        #expect(stage.end(1, on: slot(1), at: 3) == [.end(JobID(1), .completed)])
    }

    @Test("it runs again as often as others end its instances, three times at the most")
    func lastFailure() {
        var stage = Stage(ready: 4)
        stage.arrive(1, at: 1)
        for instance in 0..<3 {
            #expect(stage.close(slot(instance), at: 2).last == .run(JobID(1), slot(instance + 1)))
        }
        #expect(
            stage.close(slot(3), at: 3) == [
                .end(JobID(1), .instanceLost), .set(.open(slot(3)), 63), .open(slot(3)),
            ]
        )
    }

    @Test("the second instance that ends by its own doing ends it")
    func secondCrash() {
        var stage = Stage(ready: 4)
        stage.arrive(1, at: 1)
        #expect(
            stage.at(2) { $0.slotClosed(slot(0), canRestart: true, isCrash: true, now: $1) }.last
                == .run(JobID(1), slot(1))
        )
        #expect(
            stage.at(3) { $0.slotClosed(slot(1), canRestart: true, isCrash: true, now: $1) }.first
                == .end(JobID(1), .instanceLost)
        )
    }

    @Test("when too many jobs were run again, none is any more until some are done")
    func budget() {
        var stage = Stage(ready: 2)
        var number: UInt64 = 0
        var second = 1.0
        func next() -> UInt64 {
            number += 1
            second += 1
            return number
        }
        var reruns = 0
        while stage.pool.hasRetriesLeft {
            let job = next()
            guard case .run(_, let first)? = stage.arrive(job, at: second).last else { break }
            guard case .run(_, let other)? = stage.close(first, at: second).last else { break }
            reruns += 1
            stage.open(first, at: second)
            stage.cancel(job, at: second)
            stage.open(other, at: second)
        }
        #expect(reruns == 100)
    }

    @Test("a job of which something was heard is not run again")
    func cannotRestart() {
        var stage = Stage(ready: 2)
        stage.arrive(1, at: 1)
        #expect(
            stage.close(slot(0), canRestart: false, at: 2) == [
                .end(JobID(1), .instanceLost), .set(.open(slot(0)), 62), .open(slot(0)),
            ]
        )
    }

    @Test("it waits for another instance while one serves, however busy, and comes first there")
    func waitsForAnother() {
        var stage = Stage(ready: 2)
        stage.arrive(1, at: 1)
        stage.arrive(2, at: 1)
        stage.arrive(3, at: 1)
        stage.close(slot(0), at: 2)
        #expect(stage.open(slot(0), at: 3) == [.unset(.open(slot(0))), .run(JobID(3), slot(0))])
        #expect(stage.arrive(4, at: 4) == [])
        #expect(stage.end(3, on: slot(0), at: 5) == [.end(JobID(3), .completed), .run(JobID(4), slot(0))])
        #expect(stage.end(2, on: slot(1), at: 6) == [.end(JobID(2), .completed), .run(JobID(1), slot(1))])
    }

    @Test("it runs again where it failed when no other instance serves")
    func onlyInstance() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        #expect(stage.close(slot(0), at: 2) == [.set(.open(slot(0)), 62), .open(slot(0))])
        #expect(stage.open(slot(0), at: 3) == [.unset(.open(slot(0))), .run(JobID(1), slot(0))])
    }

    @Test("it runs again where it failed when the last other instance has died")
    func lastOtherDied() {
        var stage = Stage(ready: 2)
        stage.arrive(1, at: 1)
        stage.arrive(2, at: 1)
        stage.close(slot(0), at: 2)
        stage.open(slot(0), at: 3)
        #expect(stage.pool.waitingJobs == 1)
        #expect(stage.exit(process(1), at: 4).contains(.run(JobID(1), slot(0))))
    }

    @Test("it runs again where it failed when the last other instance hangs and is killed")
    func lastOtherKilled() {
        var stage = Stage(ready: 2, slots: 2)
        for job in 1...4 { stage.arrive(UInt64(job), at: 1) }
        stage.close(slot(1, 1), canRestart: false, at: 2)
        stage.close(slot(0, 0), at: 3)
        #expect(stage.open(slot(0, 0), at: 4) == [.unset(.open(slot(0, 0)))])
        #expect(stage.fire(.open(slot(1, 1))) == [.kill(process(1), because: .answer), .run(JobID(1), slot(0, 0))])
    }

    @Test("it is not wasted on another slot of a process that dies: that slot has to show life first")
    func dyingProcess() throws {
        var stage = Stage(ready: 1, slots: 2)
        stage.arrive(1, at: 1)
        #expect(stage.close(slot(0, 0), at: 2) == [.set(.open(slot(0, 0)), 62), .open(slot(0, 0))])
        #expect(stage.close(slot(0, 1), at: 2.001) == [.set(.open(slot(0, 1)), 62.001), .open(slot(0, 1))])
        stage.exit(process(0), at: 2.002)
        #expect(stage.pool.waitingJobs == 1)
        stage.fire(.restart(InstanceID(0)))
        stage.at(3) { $0.processSpawned(process(0, 2), now: $1) }
        #expect(stage.open(slot(0, 0, incarnation: 2), at: 4).contains(.run(JobID(1), slot(0, 0, incarnation: 2))))
    }

    @Test("a slot that ends a job after the failure has shown life")
    func livingProcess() {
        var stage = Stage(ready: 1, slots: 2)
        stage.arrive(1, at: 1)
        stage.arrive(2, at: 1)
        stage.close(slot(0, 0), at: 2)
        #expect(stage.end(2, on: slot(0, 1), at: 3) == [.end(JobID(2), .completed), .run(JobID(1), slot(0, 1))])
    }

    @Test("a job whose process exits without a word of its slot is lost")
    func exitWhileBusy() throws {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        let exit = stage.exit(process(0), at: 2)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(exit == [.end(JobID(1), .instanceLost), .set(.restart(InstanceID(0)), restart)])
    }

    @Test("an idle slot whose connection breaks is connected anew")
    func idle() {
        var stage = Stage(ready: 1)
        #expect(stage.close(slot(0), at: 2) == [.set(.open(slot(0)), 62), .open(slot(0))])
        #expect(stage.pool.instances[0].isReady)
    }
}
