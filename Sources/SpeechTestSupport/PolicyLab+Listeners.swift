package import PoolCore

extension PolicyLab {
    /// Listeners who play long texts as they come, each beginning another one when one has been played. Workers take
    /// 0.3 s for a second of audio.
    package struct Listeners: Sendable {
        /// How many workers there are.
        package var slots = 8
        /// How long it goes on, in seconds.
        package var seconds = 1_200.0
        /// They come one after the other, evenly over so many seconds.
        package var comingSeconds = 120.0
        /// How long each text is.
        package var units = 3_000...6_000
        /// What texts cost and become.
        package var speech = TrafficSpeech()
        /// A shorter gap is not heard as one, in seconds.
        package var toleratedGap = 0.1

        package init() {}

        /// How many there could be if everything were always done in time.
        package var theoreticalCount: Double { Double(slots) * speech.audioPerUnit / speech.secondsPerUnit }

        /// So many listeners.
        package func plan(count: Int) -> TrafficPlan {
            var source = TrafficSource(.closed(clients: count, within: comingSeconds), units: units)
            source.toleratesGaps = false
            var plan = TrafficPlan([source], seconds: seconds)
            plan.speech = speech
            plan.finishes = false
            return plan
        }

        /// Texts during which somebody heard a gap, with so many listeners.
        package func gaps(count: Int, order: PoolConfiguration.Order, seed: UInt64) -> Int {
            let result = PolicyLab.run(plan(count: count), slots: slots, order: order, seed: seed)
            return result.utterances.count { $0.longestUnderrun > toleratedGap || $0.outcome == .refused }
        }

        /// The longest gap that anybody heard who was let in, of so many listeners, and how many of their texts were.
        package func longestGap(
            count: Int,
            order: PoolConfiguration.Order,
            seed: UInt64
        ) -> (seconds: Double, admitted: Int) {
            let result = PolicyLab.run(plan(count: count), slots: slots, order: order, seed: seed)
            let admitted = result.utterances.filter(\.isAdmitted)
            return (admitted.map(\.longestUnderrun).max() ?? 0, admitted.count)
        }

        /// The greatest number of listeners none of whom hears a gap.
        package func greatestCount(_ order: PoolConfiguration.Order, seed: UInt64) -> Int {
            var (good, bad) = (0, Int(theoreticalCount) + 1)
            while bad - good > 1 {
                let count = (good + bad) / 2
                if gaps(count: count, order: order, seed: seed) == 0 { good = count } else { bad = count }
            }
            return good
        }
    }
}
