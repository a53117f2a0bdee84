import PoolCore
import Testing

/// Texts that end instances.
@Suite struct QuarantineTests {
    private func request(_ number: UInt64, text: UInt64 = 7) -> JobRequest {
        JobRequest(id: JobID(number), engine: 0, tenant: "a", text: TextDigest(high: 0, low: text))
    }

    private func crash(_ stage: inout Stage, _ slot: SlotID, canRestart: Bool = true, at seconds: Double)
        -> [PoolAction]
    {
        stage.at(seconds) { $0.slotClosed(slot, canRestart: canRestart, isCrash: true, now: $1) }
    }

    @Test("a text that ends two instances ends with that, and is refused from then on")
    func twice() {
        var stage = Stage(ready: 3)
        stage.accept(request(1), at: 1)
        #expect(crash(&stage, slot(0), at: 2).last == .run(JobID(1), slot(1)))
        #expect(crash(&stage, slot(1), at: 3).first == .end(JobID(1), .quarantined))
        #expect(stage.admit(request(2), at: 4) == .refused(.quarantined))
        let entries = stage.pool.quarantined(now: moment(5))
        #expect(entries.map(\.deaths) == [2] && entries.map(\.refused) == [1])
        stage.accept(request(3, text: 8), at: 5)
    }

    @Test("also when the first time was another request, of which something had been heard")
    func acrossRequests() {
        var stage = Stage(ready: 3)
        stage.accept(request(1), at: 1)
        #expect(crash(&stage, slot(0), canRestart: false, at: 2).first == .end(JobID(1), .instanceLost))
        stage.accept(request(2), at: 3)
        #expect(crash(&stage, slot(1), at: 4).first == .end(JobID(2), .quarantined))
    }

    @Test("instances that others end say nothing of a text")
    func othersDoing() {
        var stage = Stage(ready: 3)
        stage.accept(request(1), at: 1)
        stage.close(slot(0), at: 2)
        stage.close(slot(1), at: 3)
        #expect(stage.end(1, on: slot(2), at: 4).first == .end(JobID(1), .completed))
        #expect(stage.pool.quarantined(now: moment(5)).isEmpty)
    }

    @Test("a text that was spoken after all is not to blame")
    func survived() {
        var stage = Stage(ready: 3)
        stage.accept(request(1), at: 1)
        _ = crash(&stage, slot(0), at: 2)
        stage.end(1, on: slot(1), at: 3)
        stage.accept(request(2), at: 4)
        #expect(crash(&stage, slot(2), canRestart: true, at: 5).last == .run(JobID(2), slot(1)))
    }

    @Test("while a text is under suspicion it is tried on one instance at a time, so that no third is lost")
    func oneAtATime() {
        var stage = Stage(ready: 4)
        stage.accept(request(1), at: 1)
        stage.accept(request(2), at: 1)
        // The first is run again only when the second, which runs already, has ended.
        #expect(!crash(&stage, slot(0), at: 2).contains(.run(JobID(1), slot(2))))
        let actions = crash(&stage, slot(1), at: 3)
        #expect(actions.contains(.end(JobID(1), .quarantined)) && actions.contains(.end(JobID(2), .quarantined)))
        #expect(stage.pool.waitingJobs == 0)
    }

    @Test("a flood of a text under suspicion holds up nobody: not other texts of its tenant, nor others")
    func flood() {
        var stage = Stage(ready: 3) { $0.maxJobsPerTenant = 10_000 }
        stage.accept(request(1), at: 1)
        _ = crash(&stage, slot(0), at: 2)
        #expect(stage.pool.instances[1].busySlots == 1)
        for number in 100..<300 { stage.accept(request(UInt64(number)), at: 2) }
        var other = request(400, text: 8)
        #expect(stage.admit(other, at: 3) == .accepted([.run(JobID(400), slot(2))]))
        stage.end(400, on: slot(2), at: 4)
        other = request(401, text: 9)
        other.tenant = "b"
        #expect(stage.admit(other, at: 5) == .accepted([.run(JobID(401), slot(2))]))
    }

    @Test("it is let out when somebody says so, and after a day")
    func released() {
        var stage = Stage(ready: 3)
        stage.accept(request(1), at: 1)
        _ = crash(&stage, slot(0), at: 2)
        _ = crash(&stage, slot(1), at: 3)
        let day = 24.0 * 60 * 60
        #expect(stage.admit(request(2), at: day) == .refused(.quarantined))
        #expect(stage.pool.quarantined(now: moment(day + 4)).isEmpty)
        #expect(stage.pool.released(nil, now: moment(10)) == 1)
        stage.accept(request(3), at: 11)
    }
}
