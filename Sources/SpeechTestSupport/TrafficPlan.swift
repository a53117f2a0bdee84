package import PoolCore

/// Utterances that come to a pool, and how long that goes on. The same plan and seed give the same utterances whatever
/// the pool does, unless clients wait for their answers.
package struct TrafficPlan: Sendable {
    /// Where utterances come from.
    package var sources: [TrafficSource]
    /// How fast the workers are.
    package var speech = TrafficSpeech()
    /// When the last one comes, in seconds.
    package var seconds: Double
    /// What comes before this is not counted: so the pool is as it is in the middle of a day. In seconds.
    package var warmUpSeconds = 0.0
    /// How long news takes between a listener and the pool, in seconds.
    package var hop = 0.0002
    /// Whether what has come by the end is finished. Without an end of its own, nobody begins anew.
    package var finishes = true

    package init(_ sources: [TrafficSource], seconds: Double) {
        self.sources = sources
        self.seconds = seconds
    }
}

/// Clients of one kind.
package struct TrafficSource: Sendable {
    /// When utterances come.
    package enum Arrivals: Sendable {
        /// Independently of each other, so many a second, between two moments in seconds: Poisson's process.
        case poisson(perSecond: Double, from: Double = 0, until: Double = .infinity)
        /// So many at one moment, in seconds.
        case burst(Int, at: Double = 0)
        /// So many clients, who each begin anew when they have what they asked for, and heard it if they play it. They
        /// come one after the other, evenly over so many seconds.
        case closed(clients: Int, within: Double = 0)
        /// At these moments, in seconds, with texts of these sizes.
        case recorded([(at: Double, units: Int)])
    }

    /// When they come.
    package var arrivals: Arrivals
    /// Who is charged.
    package var tenant: String
    /// How urgent they are.
    package var jobClass = JobClass.standard
    /// Whether the audio is played while it arrives.
    package var isPlayed = true
    /// Whether it had better come with gaps than not at all.
    package var toleratesGaps = true
    /// How large texts are, in units: any size within the range is as likely as another.
    package var units: ClosedRange<Int>
    /// How long an answer may take, in seconds.
    package var deadline: Double?
    /// How often one asks at most, as the pool tells when to come again.
    package var tries = 1
    /// The share of clients that leave before the end, at any moment of the first ten seconds.
    package var leaving = 0.0

    package init(_ arrivals: Arrivals, tenant: String = "a", units: ClosedRange<Int>) {
        self.arrivals = arrivals
        self.tenant = tenant
        self.units = units
    }
}

/// How fast the workers are: all alike, and equally fast whatever the others do.
package struct TrafficSpeech: Sendable {
    /// What a job takes whatever its size, in seconds.
    package var overhead = 0.0
    /// What a unit adds to that, in seconds.
    package var secondsPerUnit = 0.3 * Self.naturalAudioPerUnit
    /// Seconds of audio that a unit becomes.
    package var audioPerUnit = Self.naturalAudioPerUnit
    /// How much faster or slower than that a job may be: 0.1 is a tenth.
    package var noise = 0.1
    /// Seconds of audio in what a worker sends at once.
    package var chunk = 0.25

    /// What a Latin letter takes to say, in seconds.
    package static let naturalAudioPerUnit = 0.065

    package init() {}

    /// What a job of so many units takes on average, in seconds.
    package func seconds(units: Int) -> Double { overhead + secondsPerUnit * Double(units) }
}

extension TrafficSpeech {
    /// How the pipeline cuts a text of sentences that are as long as they ought to be, in units: the first segment is
    /// short.
    package static func segments(units: Int) -> [Int] {
        guard units > firstMaximum else { return [units] }
        let first = min(firstMaximum, units - firstMinimum)
        let (full, rest) = (units - first).quotientAndRemainder(dividingBy: target)
        return [first] + Array(repeating: target, count: full) + (rest > 0 ? [rest] : [])
    }

    private static let firstMaximum = 60
    private static let firstMinimum = 20
    private static let target = 100
}
