import Testing

@testable import PoolCore

/// Running a queue forward.
@Suite struct QueueForecastTests {
    /// A second for a unit, and nothing else.
    private static let pace = Pace(base: 0, perUnit: 1, margin: 0)

    private func entry(
        _ number: UInt64,
        units: Int,
        due: Double,
        beginBy: Double? = nil,
        doneBy: Double? = nil
    ) -> SortedJobs.Entry {
        SortedJobs.Entry(
            id: JobID(number),
            due: moment(due),
            units: units,
            stream: nil,
            beginBy: beginBy.map(moment),
            aim: nil,
            doneBy: doneBy.map(moment)
        )
    }

    private func queue(_ entries: [(SortedJobs.Entry, String, JobClass)]) -> JobQueue {
        var queue = JobQueue(classWeights: [.interactive: 16, .standard: 4, .bulk: 1], tenantWeights: [:])
        for (entry, tenant, jobClass) in entries {
            queue.insert(entry, JobQueue.Key(jobClass: jobClass, tenant: tenant))
        }
        return queue
    }

    private func run(
        _ queue: JobQueue,
        slots: [Double] = [0],
        adding entry: SortedJobs.Entry,
        tenant: String = "a",
        jobClass: JobClass = .standard,
        isAdded: Bool = true,
        pace: Pace = pace
    ) -> QueueForecast.Outcome {
        var forecast = QueueForecast(
            queue,
            slots: slots.map { .init(free: $0) },
            streams: [],
            newcomer: .init(
                entry: entry,
                key: JobQueue.Key(jobClass: jobClass, tenant: tenant),
                stream: nil,
                laterAtOnce: 0
            ),
            isAdded: isAdded,
            pace: pace,
            now: moment(0)
        )
        return forecast.run()
    }

    @Test("each slot takes the next job when it is free")
    func slots() {
        let waiting = (1...4).map { (entry(UInt64($0), units: 10, due: Double($0)), "a", JobClass.standard) }
        let outcome = run(queue(waiting), slots: [3, 5], adding: entry(9, units: 2, due: 9))
        // 3 to 13, 5 to 15, 13 to 23, 15 to 25; then this.
        #expect(outcome == .init(begin: 23, end: 25))
    }

    @Test("jobs go by when they are due, tenants and classes take turns")
    func order() {
        let own = entry(9, units: 2, due: 5)
        func begin(_ tenant: String, _ jobClass: JobClass = .standard, due: Double) -> Double {
            run(queue([(entry(1, units: 10, due: due), tenant, jobClass)]), adding: own).begin
        }
        #expect(begin("a", due: 1) == 10)
        #expect(begin("a", due: 6) == 0)
        #expect(begin("b", due: 1) == 10)
        #expect(begin("b", .interactive, due: 6) == 10)
        #expect(begin("b", .bulk, due: 1) == 0)
        // Two of another tenant: that one has had its turn after the first.
        let others = (1...2).map { (entry(UInt64($0), units: 10, due: 1), "b", JobClass.standard) }
        #expect(run(queue(others), adding: own).begin == 10)
    }

    @Test("it runs in the order in which the queue is served", arguments: 0..<40)
    func likeTheQueue(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var queue = JobQueue(
            classWeights: [.interactive: 16, .standard: 4, .bulk: 1],
            tenantWeights: ["b": 3]
        )
        var entries: [UInt64: (entry: SortedJobs.Entry, key: JobQueue.Key)] = [:]
        for number in 1...60 {
            let key = JobQueue.Key(
                jobClass: JobClass.allCases.randomElement(using: &random) ?? .standard,
                tenant: ["a", "b", "c", "d"].randomElement(using: &random) ?? "a"
            )
            let due = Double.random(in: 0..<10, using: &random)
            let entry = entry(UInt64(number), units: Int.random(in: 1...9, using: &random), due: due)
            entries[UInt64(number)] = (entry, key)
            queue.insert(entry, key)
        }
        // The last one to come is looked for in both ways.
        let last = entry(100, units: 3, due: Double.random(in: 0..<10, using: &random))
        let key = JobQueue.Key(jobClass: .standard, tenant: "c")
        let outcome = run(queue, adding: last, tenant: key.tenant, jobClass: key.jobClass)
        queue.insert(last, key)
        entries[100] = (last, key)
        var time = 0.0
        while let next = queue.inOrder.first(where: { _ in true }), next != last.id, let one = entries[next.number] {
            queue.remove(next, due: one.entry.due, one.key)
            queue.began(one.key, units: one.entry.units, seconds: Double(one.entry.units))
            time += Double(one.entry.units)
        }
        #expect(outcome.begin == time)
    }

    @Test("jobs of the same tenant and class are counted that would be late, others are not")
    func late() {
        let first = entry(9, units: 5, due: 0)
        func late(_ tenant: String, _ entry: SortedJobs.Entry, isAdded: Bool = true) -> QueueForecast.Outcome {
            run(queue([(entry, tenant, .standard)]), adding: first, isAdded: isAdded)
        }
        let strict = entry(1, units: 10, due: 1, doneBy: 12)
        #expect(late("a", strict).late == 2, "it is likely to be late")
        #expect(late("a", strict).lateness == 3)
        #expect(late("a", strict, isAdded: false).late == 0)
        #expect(late("b", strict).late == 0)
        #expect(late("a", entry(1, units: 10, due: 1, beginBy: 5)).late == 0)
        #expect(late("a", entry(1, units: 10, due: 1, beginBy: 4)).late == 2)
    }

    @Test("how much longer jobs may take spreads by the root of their number")
    func margin() {
        let waiting = (1...3).map { (entry(UInt64($0), units: 10, due: Double($0)), "a", JobClass.standard) }
        let pace = Pace(base: 1, perUnit: 1, margin: 2)
        let outcome = run(queue(waiting), adding: entry(9, units: 5, due: 9), pace: pace)
        #expect(abs(outcome.begin - (33 + 2 * 3.0.squareRoot())) < 1e-9)
        #expect(abs(outcome.end - (39 + 2 * 3.0.squareRoot() + 2)) < 1e-9)
    }

    @Test("a queue without end is looked through as far as the limit, and the rest is shared out")
    func bounded() {
        let count = QueueForecast.maxSteps * 2
        let waiting = (1...count).map { (entry(UInt64($0), units: 1, due: 1), "a", JobClass.standard) }
        let outcome = run(queue(waiting), slots: [0, 0], adding: entry(UInt64(count) + 1, units: 1, due: 9))
        #expect(abs(outcome.begin - Double(count) / 2) <= 1)
        // The times of the job that is served first are known, however many follow.
        let first = run(queue(waiting), slots: [0, 0], adding: entry(UInt64(count) + 1, units: 1, due: 0))
        #expect((first.begin, first.end) == (0, 1))
    }
}

/// Predictions, and which of them are believed.
@Suite struct TrustTests {
    @Test("predictions are believed when 12 of the last 16 came about, give or take a half")
    func trials() {
        var fit = LinearFit(quantile: 0.9)
        for _ in 0..<16 { fit.observe(units: 10, value: 1) }
        #expect(!fit.isProven)
        fit.observe(units: 10, value: 1.4)
        #expect(fit.isProven)
        for _ in 0..<4 { fit.observe(units: 10, value: 9) }
        #expect(fit.isProven)
        fit.observe(units: 10, value: 99)
        #expect(!fit.isProven)
        for _ in 0..<400 { fit.observe(units: 10, value: 99) }
        #expect(fit.isProven)
    }

    @Test("what was kept from the last life has to prove itself anew")
    func restart() throws {
        #expect(!EngineFigures().seconds.isProven)
        var fit = LinearFit(quantile: 0.9)
        for _ in 0..<40 { fit.observe(units: 10, value: 1) }
        #expect(fit.isProven)
    }

    @Test("as long as predictions are worth nothing only counts refuse, however long the wait would be")
    func cold() {
        var stage = Stage(ready: 1) {
            $0.maxJobs = 300
            $0.maxWait = .seconds(1)
        }
        stage.arrive(1, at: 0)
        stage.end(1, on: slot(0), at: 100)
        for job in 2...302 { stage.accept(JobRequest(id: JobID(UInt64(job)), engine: 0, tenant: "a"), at: 100) }
        guard case .refused(.queueFull(let retryAfter)) = stage.admit(303, at: 100) else {
            Issue.record("not refused")
            return
        }
        // 300 jobs of 100 s each: but who knows.
        #expect(retryAfter <= .seconds(6))
    }

    @Test("a deadline that has passed is refused even so, one to come is not")
    func coldDeadline() {
        var stage = Stage(ready: 1)
        stage.arrive(1, at: 0)
        stage.end(1, on: slot(0), at: 100)
        let late = JobRequest(id: JobID(2), engine: 0, tenant: "a", deadline: moment(100))
        #expect(stage.admit(late, at: 100) == .refused(.deadlineExceeded))
        stage.accept(JobRequest(id: JobID(3), engine: 0, tenant: "a", deadline: moment(101)), at: 100)
    }

    @Test("what waits is predicted by what is known now, not by what was when it came")
    func fresh() {
        var stage = Stage(ready: 1) { $0.maxWait = .seconds(60) }
        // The first takes a hundred times as long as the others.
        stage.arrive(1, at: 0)
        stage.end(1, on: slot(0), at: 10)
        for job in 2...202 { stage.accept(JobRequest(id: JobID(UInt64(job)), engine: 0, tenant: "a"), at: 10) }
        for job in 2...182 { stage.end(UInt64(job), on: slot(0), at: 10 + 0.1 * Double(job - 1)) }
        #expect(stage.pool.isProven(engine: 0))
        stage.accept(JobRequest(id: JobID(300), engine: 0, tenant: "a"), at: 29)
    }
}
