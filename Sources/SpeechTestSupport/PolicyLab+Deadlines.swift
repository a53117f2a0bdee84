import PoolCore

extension PolicyLab {
    /// More work than can be done, and each answer has to be there soon: seven of ten texts have 20 to 80 units, the
    /// others 400 to 1,200. The pool knows nothing when it begins.
    package struct Deadlines: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How much of the slots' time is wanted, 1 for all of it.
        package var load = 1.5
        /// How long it goes on, in seconds.
        package var seconds = 12.0
        /// How long an answer may take, in seconds.
        package var deadline = 2.0
        /// How long texts take to speak, and how much audio they become.
        package var speech = Deadlines.sleeping

        package init() {}

        /// Workers that sleep 5 ms, and half a millisecond for each unit.
        package static var sleeping: TrafficSpeech {
            var speech = TrafficSpeech()
            speech.overhead = 0.005
            speech.secondsPerUnit = 0.0005
            speech.audioPerUnit = 0.01
            speech.chunk = 0.1
            speech.noise = 0.05
            return speech
        }

        private static let (short, long) = (20...80, 400...1_200)
        private static let shareOfShort = 0.7

        /// The counts of one run.
        package struct Outcome: Sendable {
            /// Utterances that came.
            package var count: Int
            /// Those that were admitted.
            package var admitted: Int
            /// Those of the admitted that were not spoken in time.
            package var broken: Int
            /// Work on utterances that were spoken in time, of all that the slots could do, 0 to 1. The first sixth of
            /// the time is left out.
            package var workInTime: Double
        }

        /// The utterances.
        package var plan: TrafficPlan {
            func mean(_ range: ClosedRange<Int>) -> Double {
                range.reduce(0) { $0 + speech.work(units: $1) } / Double(range.count)
            }
            let share = Self.shareOfShort
            let rate = load * Double(slots) / (share * mean(Self.short) + (1 - share) * mean(Self.long))
            var sources = [
                TrafficSource(.poisson(perSecond: share * rate), units: Self.short),
                TrafficSource(.poisson(perSecond: (1 - share) * rate), units: Self.long),
            ]
            for index in sources.indices { sources[index].deadline = deadline }
            var plan = TrafficPlan(sources, seconds: seconds)
            plan.speech = speech
            return plan
        }

        /// When which utterances come.
        package func arrivals(seed: UInt64) -> [TrafficSimulator.Arrival] {
            let configuration = TrafficSimulator.configuration(instances: slots, order: .deadline)
            return TrafficSimulator(configuration, plan: plan, seed: seed).arrivals
        }

        /// Lets it happen.
        package func run(seed: UInt64) -> Outcome {
            let result = PolicyLab.run(plan, slots: slots, order: .deadline, seed: seed)
            let admitted = result.utterances.filter(\.isAdmitted)
            // An utterance counts if it ends within the measured time, whenever it began.
            let measured = seconds / 6...seconds
            let spoken = result.utterances.filter { utterance in
                utterance.isSpoken && (utterance.total.map { measured.contains(utterance.arrivedAt + $0) } ?? false)
            }
            let capacity = Double(slots) * (measured.upperBound - measured.lowerBound)
            return Outcome(
                count: result.utterances.count,
                admitted: admitted.count,
                broken: admitted.count { !$0.isSpoken },
                workInTime: spoken.reduce(0) { $0 + speech.work(units: $1.units) } / capacity
            )
        }
    }
}
