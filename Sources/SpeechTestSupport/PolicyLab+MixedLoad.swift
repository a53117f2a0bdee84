package import PoolCore

extension PolicyLab {
    /// Many short texts and a few long ones: nine of ten have 20 to 80 units, the tenth has 400 to 1,200.
    package struct MixedLoad: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How much of the slots' time is wanted, 1 for all of it.
        package var load = 0.8
        /// How long it goes on, in seconds.
        package var seconds = 4_000.0
        /// What texts cost and become.
        package var speech = TrafficSpeech()
        /// Whether everybody is let in: then what comes of it is the doing of the order alone.
        package var admitsAll = true

        package init() {}

        /// What the short texts' clients saw, and what got done.
        package struct Outcome: Sendable {
            /// From the request to the first audio, in seconds, of half of those that were spoken.
            package var medianFirstAudio: Double
            /// The same of 99 of 100.
            package var p99FirstAudio: Double
            /// From the request to the start of the first segment, in seconds, of 99 of 100.
            package var p99Wait: Double
            /// Until the long texts' first audio, in seconds, of 99 of 100.
            package var p99FirstAudioOfLong: Double
            /// Seconds that the slots have worked.
            package var secondsWorked: Double
            /// Utterances that were not spoken, long or short.
            package var lost: Int
        }

        /// The utterances. The short ones are the first source.
        package var plan: TrafficPlan {
            let (short, long) = (20...80, 400...1_200)
            let rate = PolicyLab.rate(load: load, slots: slots, meanUnits: 0.9 * 50 + 0.1 * 800, speech: speech)
            var plan = TrafficPlan(
                [
                    TrafficSource(.poisson(perSecond: 0.9 * rate), units: short),
                    TrafficSource(.poisson(perSecond: 0.1 * rate), units: long),
                ],
                seconds: seconds
            )
            plan.warmUpSeconds = seconds / 20
            plan.speech = speech
            return plan
        }

        /// When which utterances come.
        package func arrivals(seed: UInt64) -> [TrafficSimulator.Arrival] {
            let configuration = TrafficSimulator.configuration(instances: slots, order: .arrival)
            return TrafficSimulator(configuration, plan: plan, seed: seed).arrivals
        }

        /// Lets it happen.
        package func run(_ order: PoolConfiguration.Order, seed: UInt64) -> Outcome {
            let result = PolicyLab.run(plan, slots: slots, order: order, seed: seed) { configuration in
                if admitsAll { PolicyLab.admitAll(&configuration) }
            }
            let (short, long) = (result.utterances(of: 0), result.utterances(of: 1))
            return Outcome(
                medianFirstAudio: short.compactMap(\.firstAudio).median,
                p99FirstAudio: short.compactMap(\.firstAudio).percentile(0.99),
                p99Wait: short.compactMap(\.wait).percentile(0.99),
                p99FirstAudioOfLong: long.compactMap(\.firstAudio).percentile(0.99),
                secondsWorked: result.secondsWorked,
                lost: result.utterances.count { !$0.isSpoken }
            )
        }
    }
}
