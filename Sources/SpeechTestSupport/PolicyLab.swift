import PoolCore

/// What the scheduler promises, as traffic that puts it to the test. Every scenario says in figures what came of it;
/// what they ought to be is the affair of those who ask.
package enum PolicyLab {
    /// Runs traffic against a pool.
    static func run(
        _ plan: TrafficPlan,
        slots: Int,
        order: PoolConfiguration.Order,
        seed: UInt64,
        change: (inout PoolConfiguration) -> Void = { _ in }
    ) -> TrafficResult {
        var configuration = TrafficSimulator.configuration(instances: slots, order: order)
        change(&configuration)
        var simulator = TrafficSimulator(configuration, plan: plan, seed: seed)
        return simulator.run()
    }

    /// Nobody is turned away, however long the queue: what comes of it is the doing of the order alone.
    static func admitAll(_ configuration: inout PoolConfiguration) {
        configuration.maxJobs = .max
        configuration.maxJobsPerTenant = .max
        configuration.maxQueuedBytes = .max
        configuration.standingTarget = .seconds(1_000_000)
        configuration.maxWait = .seconds(1_000_000)
        configuration.maxBulkWait = .seconds(1_000_000)
    }

    /// Utterances a second that keep so many slots busy to a part of their time.
    /// - Parameter meanUnits: of their texts.
    static func rate(load: Double, slots: Int, meanUnits: Double, speech: TrafficSpeech = TrafficSpeech()) -> Double {
        load * Double(slots) / (speech.secondsPerUnit * meanUnits)
    }
}
