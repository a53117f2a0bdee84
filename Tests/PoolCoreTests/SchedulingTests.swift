import Testing

@testable import PoolCore

/// Who is first.
@Suite struct SchedulingTests {
    /// One instance that has been seen to take 0.1 s and make 0.3 s of audio for a unit, and works on something until
    /// `begin`.
    private func busyStage(change: (inout PoolConfiguration) -> Void = { _ in }) -> Stage {
        var stage = Stage(ready: 1, obeysCancel: true) { configuration in
            configuration.engines[0].figures["cpu"] = Self.figures
            change(&configuration)
        }
        stage.arrive(1, tenant: "other", at: 0)
        return stage
    }

    private static let figures = EngineFigures.proven(secondsPerUnit: 0.1)

    private func request(_ number: UInt64, units: Int = 10, change: (inout JobRequest) -> Void = { _ in }) -> JobRequest
    {
        var request = JobRequest(id: JobID(number), engine: 0, tenant: "a", units: units, isPlayed: false)
        change(&request)
        return request
    }

    /// The jobs in the order in which they are run when each takes a second.
    private func order(_ stage: Stage, from begin: Double, count: Int) -> [UInt64] {
        var stage = stage
        var running: UInt64 = 1
        return (0..<count).map { step in
            let actions = stage.end(running, on: slot(0), at: begin + Double(step))
            for case .run(let job, _) in actions { running = job.number }
            return running
        }
    }

    @Test("short goes before long")
    func shortFirst() {
        var stage = busyStage()
        stage.accept(request(2, units: 200), at: 0)
        stage.accept(request(3, units: 10), at: 1)
        stage.accept(request(4, units: 20), at: 1)
        #expect(order(stage, from: 2, count: 3) == [3, 4, 2])
    }

    @Test("long is not starved by short texts that come later than it could wait")
    func longIsServed() {
        var stage = busyStage()
        stage.accept(request(2, units: 50), at: 0)
        // Due after 15 s; what comes later than 12 s before that is due later.
        for (index, second) in [10.0, 11, 13, 14].enumerated() {
            stage.accept(request(UInt64(index + 3), units: 10), at: second)
        }
        #expect(order(stage, from: 15, count: 5) == [3, 4, 2, 5, 6])
    }

    @Test("what a listener needs first goes first, whoever came first")
    func playback() {
        var stage = Stage(ready: 1) { $0.engines[0].figures["cpu"] = Self.figures }
        func part(_ number: UInt64, of stream: UInt64, isFirst: Bool) -> JobRequest {
            request(number) {
                $0.stream = StreamID(stream)
                $0.isPlayed = true
                $0.isContinuation = !isFirst
            }
        }
        stage.accept(part(1, of: 1, isFirst: true), at: 0)
        stage.pool.audioArrived(JobID(1), duration: .seconds(30), now: moment(1))
        stage.end(1, on: slot(0), at: 1)
        stage.accept(part(2, of: 2, isFirst: true), at: 1)
        stage.pool.audioArrived(JobID(2), duration: .seconds(3), now: moment(2))
        stage.accept(part(3, of: 1, isFirst: false), at: 2)
        stage.accept(part(4, of: 2, isFirst: false), at: 2)
        #expect(stage.end(2, on: slot(0), at: 2).contains(.run(JobID(4), slot(0))))
        #expect(stage.pool.due(of: JobID(3)) == moment(31 - 0.25))
    }

    @Test("the first words of somebody new go before what a listener needs later")
    func firstWords() {
        var stage = Stage(ready: 1) { $0.engines[0].figures["cpu"] = Self.figures }
        stage.accept(request(1) { ($0.stream, $0.isPlayed) = (StreamID(1), true) }, at: 0)
        stage.pool.audioArrived(JobID(1), duration: .seconds(30), now: moment(1))
        stage.accept(
            request(2, units: 100) { ($0.stream, $0.isPlayed, $0.isContinuation) = (StreamID(1), true, true) },
            at: 1
        )
        stage.accept(request(3) { $0.isPlayed = true }, at: 2)
        #expect(stage.end(1, on: slot(0), at: 3).contains(.run(JobID(3), slot(0))))
    }

    @Test("classes have their shares when all want more, so bulk moves")
    func classes() {
        var stage = busyStage { ($0.maxWait, $0.maxBulkWait) = (.seconds(1_000), .seconds(1_000)) }
        for number in 0..<42 {
            stage.accept(request(UInt64(number + 100)) { $0.jobClass = .interactive }, at: 0)
            stage.accept(request(UInt64(number + 200)) { $0.jobClass = .standard }, at: 0)
            stage.accept(request(UInt64(number + 300)) { $0.jobClass = .bulk }, at: 0)
        }
        let run = order(stage, from: 1, count: 42)
        #expect(abs(run.count { $0 < 200 } - 32) <= 1)
        #expect(abs(run.count { $0 >= 200 && $0 < 300 } - 8) <= 1)
        #expect(run.count { $0 >= 300 } == 2)
    }

    @Test("a class that wants little has it at once")
    func interactive() {
        var stage = busyStage()
        for number in 0..<20 { stage.accept(request(UInt64(number + 100)), at: 0) }
        stage.accept(request(2, units: 50) { ($0.jobClass, $0.tenant) = (.interactive, "b") }, at: 1)
        #expect(order(stage, from: 2, count: 1) == [2])
    }

    @Test("tenants have their shares, however much one of them sends", arguments: [1.0, 4])
    func tenants(weight: Double) {
        var stage = busyStage { ($0.tenantWeights, $0.maxWait) = (["b": weight], .seconds(1_000)) }
        for number in 0..<100 { stage.accept(request(UInt64(number + 100)), at: 0) }
        for number in 0..<40 { stage.accept(request(UInt64(number + 300)) { $0.tenant = "b" }, at: 0) }
        let run = order(stage, from: 1, count: 40)
        #expect(abs(Double(run.count { $0 >= 300 }) - 40 * weight / (1 + weight)) <= 1)
    }

    @Test("who has lost his instance goes first")
    func returned() {
        var stage = Stage(ready: 2) { $0.engines[0].figures["cpu"] = Self.figures }
        for number in 1...2 { stage.accept(request(UInt64(number), units: 200), at: 0) }
        stage.accept(request(3) { $0.jobClass = .interactive }, at: 0)
        stage.close(slot(0), at: 1)
        #expect(stage.end(2, on: slot(1), at: 2).contains(.run(JobID(1), slot(1))))
    }

    @Test("first come, first served, if that is what is wanted")
    func arrival() {
        var stage = busyStage { $0.order = .arrival }
        stage.accept(request(2, units: 200) { $0.jobClass = .bulk }, at: 0)
        stage.accept(request(3) { $0.jobClass = .interactive }, at: 1)
        #expect(order(stage, from: 2, count: 2) == [2, 3])
    }

    // MARK: Deadlines

    @Test("what waits until its deadline is ended then, and never run")
    func deadlineOfWaiting() {
        var stage = busyStage()
        // It would be in time if the first one did not take so much longer than is predicted.
        stage.accept(request(2) { $0.deadline = moment(5) }, at: 0)
        #expect(stage.deadline(.expire) == 5)
        #expect(stage.fire(.expire) == [.end(JobID(2), .deadlineExceeded)])
        #expect(stage.end(1, on: slot(0), at: 6) == [.end(JobID(1), .completed)])
    }

    @Test("what runs at its deadline is stopped")
    func deadlineOfRunning() {
        var stage = Stage(ready: 1, obeysCancel: true)
        stage.accept(request(1) { $0.deadline = moment(5) }, at: 0)
        #expect(
            stage.fire(.expire) == [
                .set(.cancel(slot(0)), 7), .interrupt(slot(0)), .end(JobID(1), .deadlineExceeded),
            ]
        )
    }

    @Test("what comes after its deadline is refused, even if it belongs to what was admitted")
    func deadlineOfLate() {
        var stage = Stage(ready: 1)
        for isContinuation in [false, true] {
            let late = request(isContinuation ? 2 : 1) {
                $0.deadline = moment(5)
                $0.isContinuation = isContinuation
            }
            #expect(stage.admit(late, at: 5) == .refused(.deadlineExceeded))
        }
    }

    @Test("who cannot be done by his deadline is told so at once")
    func deadlineTooEarly() {
        var stage = busyStage()
        guard
            case .refused(.deadlineTooEarly(let predicted, _)) = stage.admit(
                request(2, units: 100) { $0.deadline = moment(5) },
                at: 0
            )
        else {
            Issue.record("not refused for its deadline")
            return
        }
        #expect(predicted >= .seconds(10))
        // A tenth of the time is kept in reserve.
        stage.accept(request(3, units: 100) { $0.deadline = moment(12.3) }, at: 0)
    }

    @Test("nobody is let in who would make another one of his tenant's miss his deadline")
    func keepsPromises() {
        var stage = busyStage()
        stage.accept(request(2, units: 100) { $0.deadline = moment(13) }, at: 0)
        guard case .refused(.othersTooLate) = stage.admit(request(3, units: 20), at: 0) else {
            Issue.record("let in")
            return
        }
        stage.accept(request(4, units: 20) { $0.tenant = "b" }, at: 0)
    }

    // MARK: Overload

    @Test("when more work than the target has waited for long, bulk is turned away, then what has no priority")
    func standing() {
        var stage = busyStage { $0.maxBulkWait = .seconds(60) }
        for number in 0..<40 { stage.accept(request(UInt64(number + 100), units: 10), at: 0) }
        func refusal(_ jobClass: JobClass, tenant: String = "a", at seconds: Double) -> String? {
            var copy = stage
            guard
                case .refused(let refusal) = copy.admit(
                    request(2) { ($0.jobClass, $0.tenant) = (jobClass, tenant) },
                    at: seconds
                )
            else { return nil }
            if case .standingQueue = refusal { return "standing" }
            return "\(refusal)"
        }
        #expect(JobClass.allCases.map { refusal($0, at: 9) } == [nil, nil, nil])
        #expect(JobClass.allCases.map { refusal($0, at: 11) } == [nil, nil, "standing"])
        #expect(JobClass.allCases.map { refusal($0, at: 21) } == [nil, "standing", "standing"])
        #expect(refusal(.standard, tenant: "b", at: 21) == nil)
    }

    /// A pool of one slot whose engine takes so many seconds for one of audio, and that speaks a long text.
    private func slowStage(rtf: Double, isPlayed: Bool) -> Stage {
        let figures = EngineFigures.proven(secondsPerUnit: 0.065 * rtf, audioPerUnit: 0.065)
        var stage = Stage(ready: 1) { $0.engines[0].figures["cpu"] = figures }
        let long = request(1, units: 60) { ($0.stream, $0.laterUnits, $0.isPlayed) = (StreamID(1), 4_000, isPlayed) }
        stage.accept(long, at: 0)
        return stage
    }

    @Test("a long text on an engine slower than speech shuts nobody out who says little", arguments: [1.5, 3])
    func slowEngine(rtf: Double) {
        var stage = slowStage(rtf: rtf, isPlayed: true)
        stage.accept(request(2, units: 30) { $0.isPlayed = true }, at: 1)
    }

    @Test("a long text that nobody listens to does not keep two sentences waiting")
    func longDownload() {
        var stage = slowStage(rtf: 0.3, isPlayed: false)
        stage.accept(request(2, units: 30) { ($0.stream, $0.laterUnits, $0.isPlayed) = (StreamID(2), 60, true) }, at: 1)
    }

    @Test("a listener who has fallen behind is no reason to refuse others on an idle pool")
    func idleBehindListener() {
        var stage = slowStage(rtf: 0.3, isPlayed: true)
        stage.end(1, on: slot(0), at: 1)
        for (number, second) in [10.0, 300, 100_000].enumerated() {
            stage.accept(
                request(UInt64(number + 2)) { ($0.stream, $0.laterUnits, $0.isPlayed) = (StreamID(9), 60, true) },
                at: second
            )
            stage.cancel(UInt64(number + 2), at: second)
            if stage.deadline(.open(slot(0))) != nil { stage.open(slot(0), at: second) }
        }
    }

    @Test("a crowd of tenants who each want little is refused as one who wants much is")
    func crowd() {
        var stage = busyStage()
        var refused = 0
        for number in 0..<200 {
            let admission = stage.admit(request(UInt64(number + 100)) { $0.tenant = "\(number)" }, at: 0)
            if case .refused = admission { refused += 1 }
        }
        // Each takes a second, and nobody may wait for more than 60.
        #expect((130...145).contains(refused))
    }

    @Test("what came in a rush before anything was timed is no reason to refuse what comes later")
    func untimedRush() {
        var stage = Stage(ready: 2)
        for number in 1...200 { stage.accept(request(UInt64(number), units: 100), at: 0) }
        stage.end(1, on: slot(0), at: 0.025)
        stage.accept(request(300, units: 100), at: 0.03)
    }

    @Test("a job that has lost its instance does not make small ones seem late")
    func returnedIsNoCrowd() {
        var stage = Stage(ready: 2) { $0.engines[0].figures["cpu"] = Self.figures }
        let long = request(1, units: 200) { ($0.stream, $0.laterUnits) = (StreamID(1), 2_000) }
        stage.accept(long, at: 0)
        stage.accept(request(2, units: 200) { $0.tenant = "b" }, at: 0)
        stage.accept(request(3, units: 1), at: 0)
        stage.close(slot(0), at: 1)
        #expect(stage.pool.waitingJobs == 2)
        stage.accept(request(4, units: 1), at: 1)
    }

    @Test("turns that were handed out in a rush are forgotten when there is room")
    func forgetsTurns() {
        var stage = Stage(ready: 1) {
            $0.engines[0].figures["cpu"] = Self.figures
            $0.maxJobs = 1
        }
        func retryAfter(_ number: UInt64, at seconds: Double) -> Double? {
            guard case .refused(.queueFull(let wait)) = stage.admit(request(number), at: seconds) else { return nil }
            return wait / .seconds(1)
        }
        for number in 1...2 { stage.accept(request(UInt64(number)), at: 0) }
        let rush = (10..<110).compactMap { retryAfter($0, at: 0) }
        #expect(rush.count == 100 && rush[99] > 60)
        stage.end(1, on: slot(0), at: 1)
        stage.end(2, on: slot(0), at: 2)
        for number in 3...4 { stage.accept(request(UInt64(number)), at: 3) }
        #expect(retryAfter(200, at: 3).map { $0 <= 2 } ?? false)
    }

    @Test("the time of an instance's fault is not its tenant's to pay")
    func faultsAreFree() {
        var stage = Stage(ready: 1) { $0.engines[0].figures["cpu"] = Self.figures }
        stage.accept(request(1), at: 0)
        stage.accept(request(2), at: 0)
        stage.accept(request(3) { $0.tenant = "b" }, at: 0)
        // It hangs for long, and dies.
        stage.close(slot(0), at: 50)
        #expect(stage.open(slot(0), at: 51).contains(.run(JobID(1), slot(0))))
        #expect(stage.end(1, on: slot(0), at: 52).contains(.run(JobID(3), slot(0))))
        #expect(stage.end(3, on: slot(0), at: 53).contains(.run(JobID(2), slot(0))))
    }

    @Test("nothing is kept of a stream that has ended")
    func forgetsStreams() {
        var stage = Stage(ready: 1)
        stage.accept(request(1) { ($0.stream, $0.isPlayed, $0.laterUnits) = (StreamID(1), true, 100) }, at: 0)
        #expect(!stage.pool.streams.isEmpty)
        stage.end(1, on: slot(0), at: 1)
        #expect(!stage.pool.streams.isEmpty)
        stage.pool.streamEnded(StreamID(1))
        #expect(stage.pool.streams.isEmpty)
        stage.accept(request(2) { ($0.stream, $0.isPlayed, $0.laterUnits) = (StreamID(2), true, 100) }, at: 1)
        stage.cancel(2, at: 2)
        #expect(stage.pool.streams.isEmpty)
    }
}
