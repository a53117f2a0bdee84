@testable import PoolCore
import Testing

/// What comes too late, twice, or of somebody who is gone.
@Suite struct StaleNewsTests {
    @Test("news of an earlier process are ignored")
    func earlierProcess() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.arrive(1, at: 0)
        stage.exit(process(0), at: 1)
        stage.fire(.restart(InstanceID(0)))
        let moments: [(inout Stage) -> Void] = [
            { _ in },
            { stage in stage.at(2) { $0.processSpawned(process(0, 2), now: $1) } },
            { stage in stage.open(slot(0, incarnation: 2), at: 2) },
            { stage in stage.arrive(2, at: 2) },
        ]
        for advance in moments {
            advance(&stage)
            #expect(stage.at(3) { $0.processSpawned(process(0), now: $1) } == [])
            #expect(stage.open(slot(0), at: 3) == [])
            #expect(stage.close(slot(0), at: 3) == [])
            #expect(stage.end(1, on: slot(0), at: 3) == [])
            #expect(stage.end(2, on: slot(0), at: 3) == [])
            #expect(stage.exit(process(0), at: 3) == [])
        }
        #expect(stage.end(2, on: slot(0, incarnation: 2), at: 4) == [.end(JobID(2), .completed)])
    }

    @Test("an exit that is told twice counts once")
    func exitTwice() {
        var stage = Stage(ready: 1)
        stage.exit(process(0), at: 1)
        #expect(stage.exit(process(0), at: 1) == [])
        #expect(stage.fire(.restart(InstanceID(0))) == [.spawn(process(0, 2), engine: 0, device: "cpu")])
    }

    @Test("an end that is told twice counts once, even when the slot has its next job")
    func endTwice() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 0)
        stage.end(1, on: slot(0), at: 1)
        #expect(stage.end(1, on: slot(0), at: 1) == [])
        #expect(stage.pool.instances[0].slots.map(\.state) == [.busy(JobID(2))])
        stage.end(2, on: slot(0), at: 2)
        #expect(stage.end(2, on: slot(0), at: 2) == [])
        #expect(stage.pool.instances[0].jobsDone == 2)
    }

    @Test("a slot that opens or closes twice does so once")
    func slotTwice() {
        var stage = Stage(ready: 1)
        #expect(stage.open(slot(0), at: 1) == [])
        stage.close(slot(0), at: 2)
        #expect(stage.close(slot(0), at: 2) == [])
        #expect(stage.end(1, on: slot(0), at: 2) == [])
    }

    @Test("a slot that was never declared says nothing")
    func unknownSlot() {
        var stage = Stage(ready: 1)
        #expect(stage.open(slot(0, 1), at: 1) == [])
        #expect(stage.close(slot(0, -1), at: 1) == [])
        #expect(stage.end(1, on: slot(7), at: 1) == [])
    }

    @Test("a timer that was cancelled, has fired, or was set anew since does nothing")
    func timers() throws {
        var stage = Stage(ready: 1, obeysCancel: true)
        var old: [TimerID] = []
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 0)
        old.append(try #require(stage.timers[.expire]).id)
        stage.cancel(1, at: 0)
        old.append(try #require(stage.timers[.cancel(slot(0))]).id)
        stage.close(slot(0), at: 0)
        old.append(try #require(stage.timers[.open(slot(0))]).id)
        stage.fire(.expire)
        stage.open(slot(0), at: 60)
        stage.arrive(3, at: 60)
        stage.arrive(4, at: 60)
        stage.cancel(3, at: 60)
        for timer in old { #expect(stage.at(200) { $0.timerFired(timer, now: $1) } == []) }

        stage.close(slot(0), at: 200)
        stage.exit(process(0), at: 200)
        old.append(try #require(stage.timers[.restart(InstanceID(0))]).id)
        stage.fire(.restart(InstanceID(0)))
        stage.at(201) { $0.processSpawned(process(0, 2), now: $1) }
        old.append(try #require(stage.timers[.load(process(0, 2))]).id)
        stage.open(slot(0, incarnation: 2), at: 201)
        stage.at(202) { $0.drainRequested(now: $1) }
        old.append(try #require(stage.timers[.drain]).id)
        stage.end(4, on: slot(0, incarnation: 2), at: 203)
        old.append(try #require(stage.timers[.terminate(process(0, 2))]).id)
        stage.exit(process(0, 2), at: 204)
        for timer in old { #expect(stage.at(300) { $0.timerFired(timer, now: $1) } == []) }
    }

    @Test("timers of one purpose have different numbers")
    func timerNumbers() throws {
        var stage = Stage(ready: 1)
        stage.close(slot(0), at: 1)
        let first = try #require(stage.timers[.open(slot(0))]).id
        stage.open(slot(0), at: 2)
        stage.close(slot(0), at: 3)
        let second = try #require(stage.timers[.open(slot(0))]).id
        #expect(first != second)
        #expect(stage.at(61) { $0.timerFired(first, now: $1) } == [])
        #expect(stage.at(63) { $0.timerFired(second, now: $1) } == [.kill(process(0), because: .answer)])
    }
}
