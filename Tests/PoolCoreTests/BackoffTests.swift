import PoolCore
import Testing

/// The wait before a restart.
@Suite struct BackoffTests {
    /// Lets the instance's current process die and starts the next one.
    /// - Returns: how long the pool waited.
    private func death(_ stage: inout Stage, _ incarnation: Int, at seconds: Double) throws -> Double {
        stage.exit(process(0, incarnation), at: seconds)
        let restart = try #require(stage.deadline(.restart(InstanceID(0))))
        #expect(stage.fire(.restart(InstanceID(0))) == [.spawn(process(0, incarnation + 1), engine: 0, device: "cpu")])
        return restart - seconds
    }

    @Test("it doubles with each death in a row, up to a limit, with jitter")
    func doubles() throws {
        var stage = Stage(.enduring)
        stage.at(0) { $0.started(now: $1) }
        var shares: Set<Double> = []
        for incarnation in 1...40 {
            let wait = try death(&stage, incarnation, at: Double(incarnation) * 100)
            let whole = min(0.1 * Double(1 << min(incarnation - 1, 20)), 30)
            #expect((whole / 2 - 1e-6...whole + 1e-6).contains(wait), "after death \(incarnation)")
            shares.insert(wait / whole)
        }
        #expect(shares.count > 30)
    }

    @Test("it doubles as well when processes serve for a short time")
    func shortService() throws {
        var stage = Stage(ready: 1) { $0 = .enduring }
        #expect(try death(&stage, 1, at: 59.9) <= 0.1)
        stage.serve(process(0, 2), at: 100)
        #expect(try (0.1 - 1e-6...0.2).contains(death(&stage, 2, at: 159.9)))
    }

    @Test("it begins anew after a long service")
    func longService() throws {
        var stage = Stage(.enduring)
        stage.at(0) { $0.started(now: $1) }
        for incarnation in 1...5 { _ = try death(&stage, incarnation, at: Double(incarnation)) }
        stage.serve(process(0, 6), at: 100)
        #expect(try death(&stage, 6, at: 160) <= 0.1)
    }

    @Test("it begins anew as well when the long service ended with a kill")
    func longServiceKilled() throws {
        var stage = Stage(.enduring)
        stage.at(0) { $0.started(now: $1) }
        for incarnation in 1...5 { _ = try death(&stage, incarnation, at: Double(incarnation)) }
        stage.serve(process(0, 6), at: 100)
        stage.close(slot(0, incarnation: 6), at: 1000)
        stage.fire(.open(slot(0, incarnation: 6)))
        #expect(try death(&stage, 6, at: 1061) <= 0.1)
    }

    @Test("instances wait on their own")
    func ownWaits() {
        var stage = Stage(ready: 2)
        stage.exit(process(0), at: 1)
        #expect(stage.pool.instances[1].isReady)
        #expect(stage.arrive(1, at: 2) == [.run(JobID(1), slot(1))])
    }
}

extension PoolConfiguration {
    /// One instance that is never given up.
    fileprivate static var enduring: PoolConfiguration {
        var configuration = PoolConfiguration.test(instances: 1)
        configuration.restartLimit = .max
        configuration.startLimit = .max
        return configuration
    }
}
