/// What the simulator expects of the scenarios: what `PoolLab expect` prints.
struct Expectation: Decodable, Sendable {
    /// By the order of the queue, such as `deadline`.
    typealias ByOrder<Value> = [String: Value]

    var slots: Int
    var microsecondsPerUnit: Int
    var mixed: Mixed
    var listeners: Listeners
    var rivals: Rivals
    var deadlines: Deadlines

    /// Many short texts and a few long ones.
    struct Mixed: Decodable, Sendable {
        /// Those that come before are not counted.
        var warmUpSeconds: Double
        var arrivals: [Arrival]
        var p99FirstAudio: ByOrder<Double>
        var medianFirstAudio: ByOrder<Double>
    }

    struct Arrival: Decodable, Sendable {
        /// 0 for the short ones.
        var source: Int
        var at: Double
        var units: Int
    }

    /// Listeners who play long texts.
    struct Listeners: Decodable, Sendable {
        var seconds: Double
        /// They come one after the other, evenly over so many seconds.
        var comingSeconds: Double
        /// The least and the most that a text has.
        var units: [Int]
        /// A shorter gap is not heard as one, in seconds.
        var toleratedGap: Double
        /// None of so many listeners hears a gap.
        var greatestCount: ByOrder<Int>
    }

    /// More work than the workers can do, in texts that each have a deadline.
    struct Deadlines: Decodable, Sendable {
        var seconds: Double
        var deadline: Double
        var load: Double
        /// A worker's time for a segment that does not depend on its size.
        var serviceMilliseconds: Int
        var microsecondsPerUnit: Int
        var arrivals: [Arrival]
        /// The fraction of admitted texts that miss their deadline.
        var broken: Double
        /// The work done in time, as a fraction of all that the workers can do.
        var workInTime: Double

        /// Seconds of one worker's time that a text takes.
        func work(units: Int) -> Double {
            let segments = SpokenText.segments(units: units).count
            return Double(segments * serviceMilliseconds) / 1e3 + Double(units * microsecondsPerUnit) / 1e6
        }
    }

    /// Two tenants who both want more than there is.
    struct Rivals: Decodable, Sendable {
        var seconds: Double
        /// Of the one with the long texts; the other has 1.
        var weight: Double
        var shortClients: Int
        var longClients: Int
        /// What the one with the long texts gets.
        var share: ByOrder<Double>
    }
}
