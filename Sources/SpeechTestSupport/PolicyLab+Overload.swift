package import PoolCore

extension PolicyLab {
    /// More work than can be done, of texts of 20 to 240 units.
    package struct Overload: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How long it goes on, in seconds.
        package var seconds = 300.0
        /// How long an answer may take, in seconds; `nil` if clients wait as long as it takes.
        package var deadline: Double? = 20

        package init() {}

        private static let units = 20...240
        private static let meanUnits = 130.0

        /// What came of it.
        package struct Outcome: Sendable {
            /// Work on utterances that were spoken in time, of all that the slots could do, 0 to 1.
            package var goodput: Double
            /// Of those that were admitted, how many were spoken in time, 0 to 1.
            package var kept: Double
            /// How long half of those waited that were spoken, in seconds.
            package var medianWait: Double
            /// How long 95 of 100 waited at the most, in seconds.
            package var p95Wait: Double
        }

        /// Lets so much come, 1 for what just fits.
        package func run(_ order: PoolConfiguration.Order, load: Double, seed: UInt64) -> Outcome {
            let rate = PolicyLab.rate(load: load, slots: slots, meanUnits: Self.meanUnits)
            var source = TrafficSource(.poisson(perSecond: rate), units: Self.units)
            source.isPlayed = false
            source.deadline = deadline
            var plan = TrafficPlan([source], seconds: seconds)
            plan.warmUpSeconds = 0
            let result = PolicyLab.run(plan, slots: slots, order: order, seed: seed)
            // What was begun before the measurement and what goes on after it is counted by where it ends.
            let measured = seconds / 5...seconds
            let spoken = result.utterances.filter { utterance in
                utterance.isSpoken && (utterance.total.map { measured.contains(utterance.arrivedAt + $0) } ?? false)
            }
            let admitted = result.utterances.filter { $0.isAdmitted && measured.contains($0.arrivedAt) }
            let work = spoken.reduce(0) { $0 + plan.speech.seconds(units: $1.units) }
            let waits = spoken.compactMap(\.wait)
            return Outcome(
                goodput: work / (Double(slots) * (measured.upperBound - measured.lowerBound)),
                kept: Double(admitted.count(where: \.isSpoken)) / Double(max(1, admitted.count)),
                medianWait: waits.median,
                p95Wait: waits.percentile(0.95)
            )
        }

        /// Ten times what fits comes for a minute, and then nobody new; who is turned away comes again when told.
        /// - Parameter tries: how often one asks at most.
        /// - Returns: the share that is spoken in the end, 0 to 1.
        package func retrySuccess(_ order: PoolConfiguration.Order, tries: Int = 5, seed: UInt64) -> Double {
            let rate = PolicyLab.rate(load: 10, slots: slots, meanUnits: Self.meanUnits)
            var source = TrafficSource(.poisson(perSecond: rate), units: Self.units)
            source.isPlayed = false
            source.tries = tries
            let result = PolicyLab.run(TrafficPlan([source], seconds: 60), slots: slots, order: order, seed: seed)
            return Double(result.utterances.count { $0.isSpoken }) / Double(result.utterances.count)
        }
    }
}
