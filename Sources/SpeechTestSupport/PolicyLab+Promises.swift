import PoolCore

extension PolicyLab {
    /// Utterances of which each has a deadline of its own, and workers whose times lie exactly on the line. The
    /// simulator judges the pool's decisions by its own knowledge, not by the pool's predictions. Each promise has to
    /// be kept, and a refused utterance must not have fitted easily.
    package struct Promises: Sendable {
        private let seed: UInt64

        package init(seed: UInt64) { self.seed = seed }

        /// The judgement of one run.
        package struct Outcome: Sendable {
            /// Utterances that were let in after the pool had found out what texts take.
            package var promised = 0
            /// Those of them that were not spoken in time.
            package var broken: [TrafficUtterance] = []
            /// Utterances that were refused, though all the work that was there and their own would have been done in a
            /// third of their time.
            package var refusedForNothing: [TrafficUtterance] = []
        }

        /// Lets it happen.
        package func run() -> Outcome {
            let (plan, slots) = world
            return judge(PolicyLab.run(plan, slots: slots, order: .deadline, seed: seed), plan, slots: slots)
        }

        /// The world that the seed makes, described for people.
        package var description: String {
            let (plan, slots) = world
            let sources = plan.sources.map { "\($0.units) \($0.isPlayed ? "played " : "")\($0.deadline ?? 0) s" }
            return "\(slots) slots, \(plan.speech.overhead) s and \(plan.speech.secondsPerUnit) s a unit, \(sources)"
        }

        private var world: (plan: TrafficPlan, slots: Int) {
            var random = SplitMix64(seed: seed)
            let slots = Int.random(in: 1...8, using: &random)
            var speech = TrafficSpeech()
            speech.overhead = Double.random(in: 0...0.02, using: &random)
            speech.secondsPerUnit = Double.random(in: 0.0005...0.003, using: &random)
            speech.noise = 0
            let load = Double.random(in: 0.5...3, using: &random)
            let sources = (0..<4).map { _ in
                let least = Int.random(in: 10...300, using: &random)
                let units = least...least + Int.random(in: 1...600, using: &random)
                let work = speech.work(units: (units.lowerBound + units.upperBound) / 2)
                var source = TrafficSource(.poisson(perSecond: load * Double(slots) / work / 4), units: units)
                source.isPlayed = Bool.random(using: &random)
                source.deadline = max(3 * work, Double.random(in: 0.2...10, using: &random))
                return source
            }
            var plan = TrafficPlan(sources, seconds: 30)
            plan.speech = speech
            return (plan, slots)
        }

        private func judge(_ result: TrafficResult, _ plan: TrafficPlan, slots: Int) -> Outcome {
            // Until then the pool may know too little to refuse what it cannot do.
            let settled = 10.0
            var outcome = Outcome()
            for utterance in result.utterances where utterance.arrivedAt > settled {
                if utterance.isAdmitted {
                    outcome.promised += 1
                    if !utterance.isSpoken { outcome.broken.append(utterance) }
                } else if let deadline = plan.sources[utterance.source].deadline {
                    let others = result.utterances.filter { other in
                        other.isAdmitted && other.arrivedAt < utterance.arrivedAt
                            && other.arrivedAt + (other.total ?? .infinity) > utterance.arrivedAt
                    }
                    let units = others.map(\.units) + [utterance.units]
                    let work = units.reduce(0) { $0 + plan.speech.work(units: $1) }
                    let own = plan.speech.work(units: utterance.units)
                    if work / Double(slots) + own < deadline / 3 { outcome.refusedForNothing.append(utterance) }
                }
            }
            return outcome
        }
    }
}

extension TrafficSpeech {
    /// The mean time that a text of so many units takes on one slot, in seconds.
    func work(units: Int) -> Double { Self.segments(units: units).reduce(0) { $0 + seconds(units: $1) } }
}
