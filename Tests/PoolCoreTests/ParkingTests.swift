import PoolCore
import Testing

/// Instances that end again and again.
@Suite struct ParkingTests {
    private func isParked(_ stage: Stage, _ instance: Int) -> Bool {
        if case .parked = stage.pool.instances[instance].state { true } else { false }
    }

    @Test("after five deaths in a row an instance is given up, which is said once, and tried again after minutes")
    func parks() throws {
        var stage = Stage(ready: 2)
        for incarnation in 1...5 {
            let actions = stage.exit(process(0, incarnation), at: Double(incarnation))
            #expect(actions.contains(.reportParked(InstanceID(0))) == (incarnation == 5))
            stage.fire(.restart(InstanceID(0)))
        }
        #expect(isParked(stage, 0) && stage.pool.instances[1].isReady)
        #expect(!stage.at(244) { $0.timePassed(now: $1) }.contains(.spawn(process(0, 6), engine: 0, device: "cpu")))
        stage.pool.heard(slot(1), now: moment(244))
        #expect(stage.at(366) { $0.timePassed(now: $1) }.contains(.spawn(process(0, 6), engine: 0, device: "cpu")))
        #expect(stage.exit(process(0, 6), at: 370).contains(.reportParked(InstanceID(0))), "it has not got better")
    }

    @Test("a job that is done ends the row, but five crashes within a minute are too many all the same")
    func crashesBetweenJobs() {
        var stage = Stage(ready: 1)
        for incarnation in 1...5 {
            let second = Double(incarnation) * 10
            if incarnation > 1 { stage.serve(process(0, incarnation), at: second) }
            stage.arrive(UInt64(incarnation), at: second)
            stage.end(UInt64(incarnation), on: slot(0, incarnation: incarnation), at: second)
            stage.exit(process(0, incarnation), at: second + 1)
            stage.fire(.restart(InstanceID(0)))
        }
        #expect(isParked(stage, 0))
    }

    @Test("who does its jobs and is ended by others is never given up")
    func othersDoing() {
        var stage = Stage(ready: 1)
        for incarnation in 1...20 {
            let second = Double(incarnation)
            if incarnation > 1 { stage.serve(process(0, incarnation), at: second) }
            stage.arrive(UInt64(incarnation), at: second)
            stage.end(UInt64(incarnation), on: slot(0, incarnation: incarnation), at: second)
            stage.at(second) { $0.processExited(process(0, incarnation), isCrash: false, now: $1) }
            stage.fire(.restart(InstanceID(0)))
        }
        #expect(!isParked(stage, 0))
    }

    @Test("when a device's instances die together, they are given up sooner than each on its own")
    func device() {
        var stage = Stage(ready: 8)
        for incarnation in 1...3 {
            for instance in 0..<8 where !isParked(stage, instance) {
                stage.exit(process(instance, incarnation), at: Double(incarnation))
                stage.fire(.restart(InstanceID(instance)))
            }
        }
        // 5 and twice their number.
        #expect((0..<8).count { isParked(stage, $0) } == 24 - 21 + 1)
    }

    @Test("when all of an engine are given up, who waits is told so, and who comes, until it is tried again")
    func unavailable() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.accept(JobRequest(id: JobID(2), engine: 0, tenant: "a", isContinuation: true), at: 0)
        stage.close(slot(0), at: 1)
        for incarnation in 1...4 {
            stage.exit(process(0, incarnation), at: 1)
            stage.fire(.restart(InstanceID(0)))
        }
        let ends = stage.exit(process(0, 5), at: 2).compactMap { action -> UInt64? in
            if case .end(let job, .unavailable) = action { job.number } else { nil }
        }
        #expect(ends == [1, 2])
        guard case .refused(.unavailable(let wait)) = stage.admit(3, at: 3) else { return #expect(Bool(false)) }
        #expect((180...450).contains(wait / .seconds(1)))
        stage.at(400) { $0.timePassed(now: $1) }
        guard case .accepted = stage.admit(4, at: 400) else { return #expect(Bool(false)) }
    }

    @Test("an engine that has never loaded and ends three times in a row ends the start")
    func cannotLoad() {
        var stage = Stage(.test(instances: 1))
        stage.at(0) { $0.started(now: $1) }
        for incarnation in 1...2 {
            #expect(!stage.exit(process(0, incarnation), at: 1).contains(.reportStartFailed(engine: 0)))
            stage.fire(.restart(InstanceID(0)))
        }
        let actions = stage.exit(process(0, 3), at: 2)
        #expect(actions.contains(.reportStartFailed(engine: 0)) && actions.last == .drained)
    }

    @Test("an engine that has loaded once never does")
    func hasLoaded() {
        var stage = Stage(ready: 1)
        for incarnation in 1...5 {
            #expect(!stage.exit(process(0, incarnation), at: 1).contains(.reportStartFailed(engine: 0)))
            stage.fire(.restart(InstanceID(0)))
        }
    }
}
