import Testing

@testable import PoolCore

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

    @discardableResult
    private func pass(_ stage: inout Stage, at seconds: Double) -> [PoolAction] {
        stage.at(seconds) { $0.timePassed(now: $1) }
    }

    /// When a process is aborted if nothing else happens, in seconds; `nil` if it is not within three minutes.
    private func aborted(_ stage: inout Stage, _ process: ProcessID, from seconds: Double) -> Double? {
        stride(from: seconds, to: seconds + 180, by: 0.5).first { pass(&stage, at: $0).contains(.abort(process)) }
    }

    @Test("what stands still for three times as long as it should take is aborted, and its job runs elsewhere")
    func hangs() {
        var stage = timed()
        stage.arrive(1, at: 10)
        #expect(pass(&stage, at: 15.4) == [])
        #expect(pass(&stage, at: 15.6) == [.set(.terminate(process(0)), 16.6), .abort(process(0))])
        #expect(stage.close(slot(0), at: 15.6) == [.run(JobID(1), slot(1))])
        #expect(stage.fire(.terminate(process(0))) == [.kill(process(0), because: .end)])
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

    @Test("until anything was timed a job has as long as loading, and from the first one on three times that, or 5 s")
    func limits() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 1)
        #expect(pass(&stage, at: 60) == [])
        #expect(pass(&stage, at: 61) == [.set(.terminate(process(0)), 62), .abort(process(0))])
        var warm = Stage(ready: 5)
        warm.arrive(1, at: 1)
        warm.end(1, on: slot(0), at: 1.1)
        for job in 2...5 { warm.arrive(UInt64(job), at: 2) }
        for job in 2...4 { warm.end(UInt64(job), on: slot(job - 1), at: 2.2) }
        #expect(aborted(&warm, process(4), from: 2.5) == 7)
        #expect(warm.close(slot(4), at: 7).contains(.run(JobID(5), slot(0))))
    }

    @Test("what is larger than all that was timed has as much longer")
    func larger() {
        var stage = Stage(ready: 1)
        stage.arrive(1, units: 10, at: 1)
        stage.end(1, on: slot(0), at: 2)
        stage.arrive(2, units: 20, at: 2)
        stage.end(2, on: slot(0), at: 3)
        stage.arrive(3, units: 200, at: 10)
        // A line says 1 s for each of them. In proportion it is 10 s.
        #expect(aborted(&stage, process(0), from: 10.5) == 40)
    }

    @Test("what counts is how long it goes without a sign, not how long it takes")
    func gaps() {
        var stage = Stage(ready: 2)
        stage.arrive(1, at: 0)
        for second in 1..<60 { stage.pool.jobMoved(slot(0), now: moment(Double(second))) }
        stage.end(1, on: slot(0), at: 60)
        stage.arrive(2, at: 60)
        #expect(aborted(&stage, process(1), from: 60.5) == 65)
    }

    @Test("jobs that slow each other down do not hang, though each was fast when it was alone")
    func company() {
        var stage = Stage(ready: 6)
        stage.arrive(1, at: 0)
        stage.end(1, on: slot(0), at: 5)
        for job in 2...7 { stage.arrive(UInt64(job), at: 10) }
        for second in stride(from: 10.5, to: 70, by: 0.5) { #expect(pass(&stage, at: second) == []) }
    }

    @Test("where company is known to cost nothing it excuses nothing")
    func companyIsFree() {
        var stage = Stage(ready: 2)
        for number in 0..<20 {
            let second = Double(number) * 10
            stage.arrive(UInt64(3 * number), at: second)
            guard case .run(_, let slot)? = stage.arrive(UInt64(3 * number + 1), at: second).first else { continue }
            stage.end(
                UInt64(3 * number),
                on: slot.process == process(0) ? PoolCoreTests.slot(1) : PoolCoreTests.slot(0),
                at: second + 4
            )
            stage.end(UInt64(3 * number + 1), on: slot, at: second + 4)
            guard case .run(_, let alone)? = stage.arrive(UInt64(3 * number + 2), at: second + 4).first else {
                continue
            }
            stage.end(UInt64(3 * number + 2), on: alone, at: second + 8)
        }
        stage.arrive(1_000, at: 300)
        stage.arrive(1_001, at: 300)
        #expect(aborted(&stage, process(0), from: 300.5) == 312)
    }

    @Test("what was ended as a hang may have been slow: the next time it has three times as long")
    func slow() {
        var stage = timed(instances: 1)
        stage.arrive(1, at: 10)
        #expect(aborted(&stage, process(0), from: 10.5) == 16)
        stage.close(slot(0), at: 16)
        stage.exit(process(0), at: 16)
        stage.fire(.restart(InstanceID(0)), at: 17)
        stage.serve(process(0, 2), at: 17)
        for second in stride(from: 17.5, to: 29, by: 0.5) { #expect(pass(&stage, at: second) == []) }
        stage.end(1, on: slot(0, incarnation: 2), at: 29)
        // And it is known from then on.
        stage.arrive(2, at: 30)
        #expect(aborted(&stage, process(0, 2), from: 30.5) == 66)
    }

    @Test("a real hang leaves nothing behind when its job was made elsewhere")
    func hangsAgain() {
        var stage = timed(instances: 2)
        stage.arrive(1, at: 10)
        #expect(aborted(&stage, process(0), from: 10.5) == 16)
        #expect(stage.close(slot(0), at: 16).contains(.run(JobID(1), slot(1))))
        stage.end(1, on: slot(1), at: 18)
        stage.arrive(2, at: 20)
        #expect(aborted(&stage, process(1), from: 20.5) == 26)
    }

    @Test("when all of them hang each is found, and no later than three times as long")
    func allHang() {
        var stage = timed(instances: 4)
        for job in 1...4 { stage.arrive(UInt64(job), at: 10) }
        var left: Set<ProcessID> = Set((0..<4).map { process($0) })
        for second in stride(from: 10.5, to: 200, by: 0.5) {
            for case .abort(let process) in pass(&stage, at: second) {
                left.remove(process)
                stage.close(SlotID(process: process, index: 0), at: second)
            }
        }
        #expect(left.isEmpty)
    }

    @Test("a job that hangs two instances is not tried on a third")
    func hangsTwice() {
        var stage = timed(instances: 3)
        stage.arrive(1, at: 10)
        guard case .abort(let first)? = pass(&stage, at: 16).last else { return #expect(Bool(false)) }
        guard case .run(_, let second)? = stage.close(SlotID(process: first, index: 0), at: 16).last else {
            return #expect(Bool(false))
        }
        // It may have been slow, so it has three times as long now.
        #expect(aborted(&stage, second.process, from: 16) == 34)
        #expect(stage.close(second, at: 34) == [.end(JobID(1), .instanceLost)])
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

    @Test("an answer on a new connection is one, too, and a job between two looks as well")
    func answers() {
        var stage = Stage(ready: 1)
        #expect(pass(&stage, at: 30) == [.ask(slot(0))])
        stage.close(slot(0), at: 30.1)
        stage.open(slot(0), at: 30.2)
        #expect(pass(&stage, at: 40) == [])
        #expect(pass(&stage, at: 60.2) == [.ask(slot(0))])
        stage.arrive(1, at: 60.3)
        stage.end(1, on: slot(0), at: 60.4)
        #expect(pass(&stage, at: 70) == [])
    }

    @Test("a job that comes while an answer is awaited runs, and its own movement counts from then on")
    func jobDuringCanary() {
        var stage = Stage(ready: 1)
        #expect(pass(&stage, at: 30) == [.ask(slot(0))])
        #expect(stage.arrive(1, at: 31) == [.run(JobID(1), slot(0))])
        #expect(pass(&stage, at: 40) == [])
    }
}
