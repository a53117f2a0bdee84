package import PoolCore

extension PolicyLab {
    /// A long text that nobody waits for.
    package struct LongText: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How long it is.
        package var units = 20_000
        /// How long it goes on, in seconds.
        package var seconds = 600.0

        package init() {}

        /// How long it takes on a pool that has nothing else to do, in seconds.
        package func secondsAlone(slots: Int, _ order: PoolConfiguration.Order, seed: UInt64) -> Double {
            let plan = TrafficPlan([text(.bulk, .burst(1))], seconds: 1)
            let result = PolicyLab.run(plan, slots: slots, order: order, seed: seed)
            return result.utterances.first?.total ?? .infinity
        }

        /// Its share of the time beside so many tenants of its class who want all of it, 0 to 1.
        package func share(besideTenants count: Int, _ order: PoolConfiguration.Order, seed: UInt64) -> Double {
            let others = (0..<count).map { tenant in
                var source = TrafficSource(.closed(clients: 2 * slots), tenant: "other \(tenant)", units: 20...240)
                source.isPlayed = false
                return source
            }
            return share(besides: others, jobClass: .standard, clients: 1, order, seed: seed)
        }

        /// The share of the time that bulk work has when interactive work wants all of it, 0 to 1.
        package func share(besideInteractive clients: Int, _ order: PoolConfiguration.Order, seed: UInt64) -> Double {
            var others = TrafficSource(.closed(clients: clients), tenant: "other", units: 20...80)
            others.isPlayed = false
            others.jobClass = .interactive
            return share(besides: [others], jobClass: .bulk, clients: 4, order, seed: seed)
        }

        /// The share of the time that is due to bulk work beside interactive work.
        package static var dueToBulk: Double {
            let weights = PoolConfiguration(engines: []).classWeights
            let (bulk, interactive) = (weights[.bulk, default: 0], weights[.interactive, default: 0])
            return bulk / (bulk + interactive)
        }

        private func share(
            besides others: [TrafficSource],
            jobClass: JobClass,
            clients: Int,
            _ order: PoolConfiguration.Order,
            seed: UInt64
        ) -> Double {
            var plan = TrafficPlan(others + [text(jobClass, .closed(clients: clients))], seconds: seconds)
            plan.warmUpSeconds = seconds / 10
            plan.finishes = false
            let result = PolicyLab.run(plan, slots: slots, order: order, seed: seed, change: PolicyLab.admitAll)
            return result.share(of: "long")
        }

        private func text(_ jobClass: JobClass, _ arrivals: TrafficSource.Arrivals) -> TrafficSource {
            var source = TrafficSource(arrivals, tenant: "long", units: units...units)
            source.jobClass = jobClass
            source.isPlayed = false
            return source
        }
    }
}
