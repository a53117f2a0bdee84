@testable import PoolCore
import Testing

/// How many may run at once.
@Suite struct RunningCurveTests {
    /// Runs batches of so many jobs at once, of 10 units each, on a device that does so many units a second.
    private func run(
        _ curve: inout RunningCurve,
        batches: Int,
        of count: Int,
        unitsPerSecond: Double,
        from now: Double = 0
    )
        -> Double
    {
        var now = now
        for _ in 0..<batches {
            let marks = (0..<count).map { _ in curve.started(now: moment(now)) }
            now += 10 * Double(count) / unitsPerSecond
            for mark in marks { curve.ended(since: mark, units: 10, now: moment(now)) }
        }
        return now
    }

    /// The same, as many at once as may be, until that does not change any more.
    private func settle(_ curve: inout RunningCurve, slots: Int, unitsPerSecond: (Int) -> Double) -> [Int] {
        var limits: [Int] = []
        var now = 0.0
        for _ in 0..<60 {
            let limit = curve.limit(slots: slots)
            limits.append(limit)
            now = run(&curve, batches: 10, of: limit, unitsPerSecond: unitsPerSecond(limit), from: now)
        }
        return limits
    }

    @Test("all may run while nothing is known")
    func unknown() {
        let curve = RunningCurve()
        #expect(curve.knee == nil)
        #expect(curve.limit(slots: 8) == 8)
        #expect(curve.figures.isEmpty)
    }

    @Test("what a device did while so many ran is measured")
    func measures() throws {
        var curve = RunningCurve()
        let now = run(&curve, batches: 20, of: 1, unitsPerSecond: 5)
        _ = run(&curve, batches: 10, of: 2, unitsPerSecond: 8, from: now)
        #expect(abs(try #require(curve.unitsPerSecond(running: 1)) - 5) < 0.01)
        #expect(abs(try #require(curve.unitsPerSecond(running: 2)) - 8) < 0.01)
        #expect(curve.unitsPerSecond(running: 3) == nil)
        #expect(curve.knee == 2)
    }

    @Test("jobs that overlap count for each number that ran, by its time")
    func overlap() throws {
        var curve = RunningCurve()
        var now = 0.0
        for _ in 0..<40 {
            let long = curve.started(now: moment(now))
            let short = curve.started(now: moment(now + 1))
            curve.ended(since: short, units: 10, now: moment(now + 2))
            curve.ended(since: long, units: 30, now: moment(now + 3))
            now += 10
        }
        #expect(abs(try #require(curve.unitsPerSecond(running: 1)) - 10) < 0.01)
        #expect(abs(try #require(curve.unitsPerSecond(running: 2)) - 20) < 0.01)
    }

    @Test("a job that did not come to its end says nothing")
    func cancelled() {
        var curve = RunningCurve()
        for second in 0..<50 {
            let mark = curve.started(now: moment(Double(second)))
            curve.ended(since: mark, units: nil, now: moment(Double(second) + 0.5))
        }
        #expect(curve.figures.isEmpty)
    }

    @Test("where more always bring more, all run")
    func linear() {
        var curve = RunningCurve()
        let limits = settle(&curve, slots: 8) { Double($0) * 3 }
        #expect(limits.last == 8)
        #expect(curve.knee == 8)
    }

    @Test("where four of eight do as much as all, four run, found from above")
    func knee() throws {
        var curve = RunningCurve()
        let limits = settle(&curve, slots: 8) { Double(min($0, 4)) * 3 }
        #expect(limits.first == 8)
        #expect(limits.prefix(20).contains(7))
        // What has been forgotten is tried out again, now and then.
        #expect(limits.suffix(50).allSatisfy { (3...5).contains($0) }, "\(limits)")
        #expect(limits.suffix(50).count { $0 == 4 } >= 40, "\(limits)")
        #expect(curve.knee == 4)
    }

    @Test("fewer than three are not tried out, even where one does as much as all")
    func exploresDownToThree() {
        var curve = RunningCurve()
        let limits = settle(&curve, slots: 8) { _ in 5 }
        #expect(limits.min() == 3)
    }

    @Test("fewer slots than four are not tried out at all")
    func fewSlots() {
        var curve = RunningCurve()
        #expect(Set(settle(&curve, slots: 3) { _ in 5 }) == [3])
    }

    @Test("what is not renewed is forgotten, and tried again")
    func forgets() {
        var curve = RunningCurve()
        var now = run(&curve, batches: 10, of: 5, unitsPerSecond: 15)
        now = run(&curve, batches: 10, of: 4, unitsPerSecond: 15, from: now)
        now = run(&curve, batches: 10, of: 3, unitsPerSecond: 9, from: now)
        #expect(curve.limit(slots: 8) == 4)
        _ = run(&curve, batches: 300, of: 4, unitsPerSecond: 15, from: now)
        #expect(curve.unitsPerSecond(running: 5) == nil)
        #expect(curve.limit(slots: 8) != 4)
    }
}
