package import PoolCore

/// What became of utterances, and what the pool did meanwhile.
package struct TrafficResult: Sendable {
    /// All that came after the warm-up, in the order of their coming.
    package internal(set) var utterances: [TrafficUtterance] = []
    /// Seconds that slots have worked between warm-up and end, by tenant.
    package internal(set) var secondsByTenant: [String: Double] = [:]
    /// Jobs that were started then, and how long they had waited: the sum, in seconds.
    package internal(set) var starts = (count: 0, waited: 0.0)
    /// Slots that there are.
    package internal(set) var slots = 0
    /// From the end of the warm-up to the end of the plan, in seconds.
    package internal(set) var seconds = 0.0
    /// When nothing was left to do, in seconds since the beginning.
    package internal(set) var endedAt = 0.0

    /// Seconds that slots have worked between warm-up and end.
    package var secondsWorked: Double { secondsByTenant.values.reduce(0, +) }

    /// How much of the slots' time was used, 0 to 1.
    package var utilisation: Double { secondsWorked / (Double(slots) * seconds) }

    /// What one tenant had of all that was worked, 0 to 1.
    package func share(of tenant: String) -> Double { secondsByTenant[tenant, default: 0] / secondsWorked }

    /// Those of one source.
    package func utterances(of source: Int) -> [TrafficUtterance] { utterances.filter { $0.source == source } }
}

/// One utterance, as its client saw it. Times are seconds since it asked the last time.
package struct TrafficUtterance: Sendable, Equatable {
    /// Index into `TrafficPlan.sources`.
    package var source: Int
    /// Who is charged.
    package var tenant: String
    /// How urgent it is.
    package var jobClass: JobClass
    /// The size of its text.
    package var units: Int
    /// When it was asked for at first, in seconds since the beginning.
    package var arrivedAt: Double
    /// How often it was asked for.
    package var tries = 1
    /// Until its first segment was begun.
    package var wait: Double?
    /// Until its first audio came.
    package var firstAudio: Double?
    /// Until its last audio came.
    package var total: Double?
    /// How often a listener who plays what he has would have had nothing to play.
    package var underruns = 0
    /// The longest of these, in seconds.
    package var longestUnderrun = 0.0
    /// All of these, in seconds.
    package var totalUnderrun = 0.0
    /// Whether it was admitted the last time that it was asked for.
    package var isAdmitted = false
    /// The wait that the pool predicted when it refused it the last time, in seconds.
    package var predictedWait: Double?
    /// What became of it; `nil` if it was still on its way at the end.
    package var outcome: Outcome?

    /// How an utterance ended.
    package enum Outcome: Sendable {
        /// It came to its own end.
        case spoken
        /// It was not admitted, or was turned away before it was begun.
        case refused
        /// Its deadline has passed.
        case expired
        /// Its client has left.
        case cancelled
    }

    /// Whether it came to its own end, within its deadline if it had one.
    package var isSpoken: Bool { outcome == .spoken }
}

extension Array<Double> {
    /// The value that the given share of all values does not exceed; infinite without any.
    package func percentile(_ share: Double) -> Double {
        isEmpty ? .infinity : sorted()[Swift.min(count - 1, Int(share * Double(count)))]
    }

    /// The one in the middle.
    package var median: Double { percentile(0.5) }
}
