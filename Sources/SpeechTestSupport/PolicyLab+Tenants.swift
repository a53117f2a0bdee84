package import PoolCore

extension PolicyLab {
    /// Two tenants who both want more than there is: `short` sends texts of 20 to 60 units, `long` of 400 to 1,200.
    package struct Rivals: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How long it goes on, in seconds.
        package var seconds = 600.0
        /// The weight of `long`; `short` has 1.
        package var weight = 1.0
        /// Clients of `short`, and of `long`.
        package var clients = (short: 64, long: 16)
        /// What texts cost and become.
        package var speech = TrafficSpeech()

        package init() {}

        /// The share of the time that is due to `long`.
        package var due: Double { weight / (weight + 1) }

        /// The clients, each of whom asks anew at once.
        package var plan: TrafficPlan {
            var short = TrafficSource(.closed(clients: clients.short), tenant: "short", units: 20...60)
            var long = TrafficSource(.closed(clients: clients.long), tenant: "long", units: 400...1_200)
            (short.isPlayed, long.isPlayed) = (false, false)
            var plan = TrafficPlan([short, long], seconds: seconds)
            plan.warmUpSeconds = seconds / 10
            plan.speech = speech
            plan.finishes = false
            return plan
        }

        /// The share of the time that `long` got.
        package func share(_ order: PoolConfiguration.Order, seed: UInt64) -> Double {
            let result = PolicyLab.run(plan, slots: slots, order: order, seed: seed) { configuration in
                PolicyLab.admitAll(&configuration)
                configuration.tenantWeights = ["long": weight]
            }
            return result.share(of: "long")
        }
    }

    /// Somebody sends thousands of texts at once, and somebody else one now and then; all have 20 to 60 units.
    package struct Flood: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How many texts come at once.
        package var count = 5_000
        /// How many come of the other one.
        package var lightPerSecond = 1.0
        /// What texts cost and become.
        package var speech = TrafficSpeech()

        package init() {}

        /// What the clients of the light tenant saw.
        package struct Outcome: Sendable {
            /// From the request to the start, in seconds, of 95 of 100.
            package var p95Wait: Double
            /// From the request to the whole answer, in seconds, of 95 of 100.
            package var p95Total: Double
        }

        /// The flood lasts so long, in seconds.
        package var seconds: Double { speech.seconds(units: 40) * Double(count) / Double(slots) }

        /// How long it takes until one of the slots is free that all are busy with jobs of that size, in seconds, in 95
        /// of 100 cases: who comes first in line waits so long, as nothing that runs is stopped.
        package var p95Residual: Double {
            // What is left of a job that is looked at is anything up to all of it, all the same. The least of n such
            // is more than x with the probability (1 − x)ⁿ.
            var (low, high) = (0.0, 1.0)
            for _ in 0..<50 {
                let middle = (low + high) / 2
                var tail = 1.0
                for _ in 0..<slots { tail *= 1 - middle }
                if tail > 0.05 { low = middle } else { high = middle }
            }
            return low * speech.seconds(units: 40)
        }

        /// The light tenant, and the flood unless he is alone.
        package func plan(isAlone: Bool) -> TrafficPlan {
            var light = TrafficSource(.poisson(perSecond: lightPerSecond), tenant: "light", units: 20...60)
            var heavy = TrafficSource(.burst(count), tenant: "heavy", units: 20...60)
            (light.isPlayed, heavy.isPlayed) = (false, false)
            // While it lasts: the light tenant takes his part, too.
            var plan = TrafficPlan(isAlone ? [light] : [light, heavy], seconds: seconds)
            plan.speech = speech
            return plan
        }

        /// Lets it happen.
        package func run(_ order: PoolConfiguration.Order, isAlone: Bool, seed: UInt64) -> Outcome {
            let plan = plan(isAlone: isAlone)
            let result = PolicyLab.run(plan, slots: slots, order: order, seed: seed, change: PolicyLab.admitAll)
            let light = result.utterances(of: 0)
            return Outcome(
                p95Wait: light.compactMap(\.wait).percentile(0.95),
                p95Total: light.compactMap(\.total).percentile(0.95)
            )
        }
    }
}
