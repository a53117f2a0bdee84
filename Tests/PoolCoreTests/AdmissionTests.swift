import PoolCore
import Testing

/// Who is let in.
@Suite struct AdmissionTests {
    /// When a refused caller is to come back, in seconds.
    private func retryAfter(_ admission: Admission) -> (name: String, seconds: Double)? {
        guard case .refused(let refusal) = admission else { return nil }
        switch refusal {
        case .queueFull(let wait): return ("queueFull", wait / .seconds(1))
        case .tenantLimit(let wait): return ("tenantLimit", wait / .seconds(1))
        case .waitTooLong(_, let wait): return ("waitTooLong", wait / .seconds(1))
        case .othersTooLate(_, let wait): return ("othersTooLate", wait / .seconds(1))
        case .tooSlow(_, let wait): return ("tooSlow", wait / .seconds(1))
        case .deadlineExceeded: return ("deadlineExceeded", 0)
        case .deadlineTooEarly(_, let wait): return ("deadlineTooEarly", wait / .seconds(1))
        case .standingQueue(_, let wait): return ("standingQueue", wait / .seconds(1))
        case .shed(let wait): return ("shed", wait / .seconds(1))
        case .tooLarge: return ("tooLarge", 0)
        case .unavailable(let wait): return ("unavailable", wait / .seconds(1))
        case .quarantined: return ("quarantined", 0)
        case .shuttingDown: return ("shuttingDown", 0)
        }
    }

    @Test("a full queue takes no more, and has room again when a job has left it")
    func queueFull() {
        var stage = Stage(ready: 1) { $0.maxJobs = 2 }
        for job in 1...3 { stage.arrive(UInt64(job), tenant: "\(job)", at: 0) }
        #expect(retryAfter(stage.admit(4, tenant: "4", at: 0))?.name == "queueFull")
        #expect(stage.pool.waitingJobs == 2)
        stage.cancel(3, at: 1)
        #expect(stage.admit(5, tenant: "5", at: 1) == .accepted([]))
    }

    @Test("a tenant with too many waiting jobs gets no more, others do")
    func tenantLimit() {
        var stage = Stage(ready: 1) { $0.maxJobsPerTenant = 1 }
        stage.arrive(1, tenant: "a", at: 0)
        stage.arrive(2, tenant: "a", at: 0)
        #expect(retryAfter(stage.admit(3, tenant: "a", at: 0))?.name == "tenantLimit")
        #expect(stage.admit(4, tenant: "b", at: 0) == .accepted([]))
        // Who has had nothing comes first.
        #expect(stage.end(1, on: slot(0), at: 1).contains(.run(JobID(4), slot(0))))
        #expect(retryAfter(stage.admit(5, tenant: "a", at: 1))?.name == "tenantLimit")
        stage.end(4, on: slot(0), at: 2)
        #expect(stage.admit(6, tenant: "a", at: 2) == .accepted([]))
    }

    @Test("who would wait too long is refused at once and told how long it would be")
    func waitTooLong() throws {
        var stage = Stage(ready: 2) {
            $0.maxWait = .seconds(50)
            $0.engines[0].figures["cpu"] = .proven(units: [1], secondsPerUnit: 10)
        }
        for job in 2...4 { stage.arrive(UInt64(job), at: 10) }
        // Two run, and one waits: the next one is begun with that.
        #expect(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(10)) == .seconds(10))
        #expect(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(14)) == .seconds(6))
        // The last of so many is begun after 50 s.
        for job in 5...13 { stage.arrive(UInt64(job), at: 10) }
        #expect(stage.pool.waitingJobs == 10)
        let admission = stage.admit(14, at: 10)
        guard case .refused(.waitTooLong(predicted: .seconds(60), let retryAfter)) = admission else {
            Issue.record("not refused for its wait: \(admission)")
            return
        }
        // Until no more than 5 s of work are left.
        #expect((44...66).contains(retryAfter / .seconds(1)))
    }

    @Test("an idle slot takes a job with a deadline while another instance finishes a long one before it goes")
    func besideDraining() {
        var stage = Stage(ready: 1) { $0.engines[0].figures["cpu"] = .proven(units: [1, 30], secondsPerUnit: 1) }
        stage.accept(JobRequest(id: JobID(1), engine: 0, tenant: "a", units: 30), at: 1)
        stage.at(2) { $0.restartRequested(of: InstanceID(0), now: $1) }
        stage.serve(process(1), at: 3)
        #expect(stage.pool.instances[0].state == .draining)
        var request = JobRequest(id: JobID(2), engine: 0, tenant: "a", units: 1)
        request.deadline = moment(14)
        guard case .accepted(let actions) = stage.admit(request, at: 4) else {
            Issue.record("not taken")
            return
        }
        #expect(actions.contains(.run(JobID(2), slot(1))))
    }

    @Test("nothing is known of the wait until a job has been timed, or while nothing serves")
    func unknownWait() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        #expect(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(0)) == nil)
        stage.end(1, on: slot(0), at: 1)
        #expect(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(1)) == .zero)
        stage.exit(process(0), at: 2)
        #expect(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(2)) == nil)
    }

    @Test("what is predicted follows what jobs take now")
    func meanService() throws {
        var stage = Stage(ready: 1)
        for job in 1...300 {
            let begin = Double(job) * 10
            stage.arrive(UInt64(job), at: begin)
            stage.end(UInt64(job), on: slot(0), at: begin + (job <= 150 ? 8 : 2))
        }
        stage.arrive(301, at: 4000)
        let wait = try #require(stage.pool.predictedWait(engine: 0, tenant: "a", now: moment(4000))) / .seconds(1)
        #expect((2...2.1).contains(wait))
    }

    @Test("segments of an admitted utterance are not refused")
    func continuation() {
        var stage = Stage(ready: 1) {
            $0.maxJobs = 1
            $0.maxJobsPerTenant = 1
        }
        stage.arrive(1, at: 0)
        stage.arrive(2, at: 0)
        #expect(stage.admit(3, isContinuation: true, at: 0) == .accepted([]))
        stage.at(1) { $0.drainRequested(now: $1) }
        #expect(stage.admit(4, isContinuation: true, at: 1) == .accepted([]))
    }

    @Test("an idle slot beats every limit")
    func idleSlot() {
        var stage = Stage(ready: 1) {
            $0.maxJobs = 0
            $0.maxJobsPerTenant = 0
        }
        #expect(stage.arrive(1, at: 0) == [.run(JobID(1), slot(0))])
        #expect(retryAfter(stage.admit(2, at: 0))?.name == "queueFull")
    }

    @Test("a pool that drains takes no new jobs, one that stops none at all")
    func shuttingDown() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.at(1) { $0.drainRequested(now: $1) }
        #expect(stage.admit(2, at: 1) == .refused(.shuttingDown))
        stage.end(1, on: slot(0), at: 2)
        #expect(stage.admit(3, isContinuation: true, at: 2) == .refused(.shuttingDown))
        stage.exit(process(0), at: 3)
        #expect(stage.admit(4, isContinuation: true, at: 3) == .refused(.shuttingDown))
    }

    @Test("those who are sent away are told to come back one after the other, as fast as they can be served")
    func retryAfterSpreads() throws {
        var stage = Stage(ready: 1) {
            $0.maxJobs = 1
            $0.engines[0].figures["cpu"] = .proven(units: [1], secondsPerUnit: 2)
        }
        stage.arrive(2, at: 2)
        stage.arrive(3, at: 2)
        for number in 0..<50 {
            let wait = try #require(retryAfter(stage.admit(UInt64(number + 10), at: 2))).seconds
            let turn = max(1, 2 * Double(number))
            #expect((turn * 0.8...turn * 1.2).contains(wait))
        }
    }

    @Test("Retry-After lies between 1 and 600 s, give or take a fifth, and differs from caller to caller")
    func retryAfterBounds() throws {
        for (service, expected) in [(0.001, 1.0), (1000, 600)] {
            var stage = Stage(ready: 1) {
                $0.maxJobs = 1
                $0.engines[0].figures["cpu"] = .proven(units: [1], secondsPerUnit: service)
            }
            stage.arrive(2, at: service)
            stage.arrive(3, isContinuation: true, at: service)
            var seen: Set<Double> = []
            for job in 10..<60 {
                let wait = try #require(retryAfter(stage.admit(UInt64(job), at: service))).seconds
                #expect((expected * 0.8...expected * 1.2).contains(wait))
                seen.insert(wait)
            }
            #expect(seen.count > 40)
        }
    }
}
