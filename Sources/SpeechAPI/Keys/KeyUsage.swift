import FoundationEssentials

/// How much of its limits a key has used: decides which request is one too many, and until when. It has no clock.
struct KeyUsage: Sendable, Equatable {
    /// A moment on both clocks that limits go by.
    struct Moment: Sendable {
        /// Never goes back: for rates.
        var instant: ContinuousClock.Instant
        /// Since 1970, by UTC: for days.
        var sinceEpoch: Duration
    }

    /// Why a request is one too many.
    enum Refusal: Error, Equatable {
        /// The day's characters do not suffice; they will after this.
        case characters(left: Int, wait: Duration)
        /// The text has more characters than a day has.
        case charactersOfText
        /// There were too many requests; the next may come after this.
        case rate(wait: Duration)
        /// Too many requests are in the making.
        case concurrency
    }

    /// What is left of a rate.
    struct Rate: Equatable {
        /// Requests that may come at once when there were none for a while.
        var limit: Int
        /// Requests that may come now.
        var remaining: Int
        /// How long until `remaining` is `limit` if none comes.
        var reset: Duration
    }

    /// How much it may be used.
    var limits: APIKey.Limits
    /// Requests in the making.
    private(set) var running = 0
    /// When the bucket of requests is full again: each request takes what flows in during one interval.
    private var fullAt: ContinuousClock.Instant?
    /// The day of `characters`, counted from 1970.
    private var day: Int64 = 0
    /// Characters that were taken on that day.
    private var characters = 0

    private static let minute = Duration.seconds(60)
    private static let dayLength: Int64 = 86_400

    /// Nothing has been used yet.
    init(limits: APIKey.Limits) {
        self.limits = limits
    }

    /// A request arrives. Either all of it is counted, or nothing.
    /// - Parameter characters: of its text.
    mutating func requestArrived(characters count: Int, at now: Moment) throws(Refusal) {
        // What keeps it waiting longest is told first.
        if let limit = limits.charactersPerDay {
            guard count <= limit else { throw .charactersOfText }
            let left = max(0, limit - charactersTaken(at: now))
            guard count <= left else { throw .characters(left: left, wait: Self.untilMidnight(now)) }
        }
        var full = fullAt
        if let perMinute = limits.requestsPerMinute {
            let interval = Self.minute / perMinute
            let untilFull = untilFull(at: now) + interval
            let wait = untilFull - interval * perMinute
            guard wait <= .zero else { throw .rate(wait: wait) }
            full = now.instant + untilFull
        }
        if let limit = limits.concurrent, running >= limit { throw .concurrency }
        fullAt = full
        characters = charactersTaken(at: now) + count
        day = Self.day(of: now)
        running += 1
    }

    /// A request that was counted is over.
    mutating func requestEnded() {
        precondition(running > 0, "only a request that was counted ends")
        running -= 1
    }

    /// A request that was counted came to nothing, and that was not its caller's doing: it is as if it had never come.
    /// - Parameters:
    ///   - characters: of its text.
    ///   - arrival: when it was counted.
    mutating func requestRefunded(characters count: Int, arrival: Moment) {
        requestEnded()
        if day == Self.day(of: arrival) { characters = max(0, characters - count) }
        if let perMinute = limits.requestsPerMinute { fullAt = fullAt.map { $0 - Self.minute / perMinute } }
    }

    /// What is left of the rate; `nil` when there is no such limit.
    func rate(at now: Moment) -> Rate? {
        limits.requestsPerMinute.map { perMinute in
            let interval = Self.minute / perMinute
            let untilFull = untilFull(at: now)
            let remaining = (interval * perMinute - untilFull).attoseconds / interval.attoseconds
            return Rate(limit: perMinute, remaining: Int(remaining), reset: untilFull)
        }
    }

    private func untilFull(at now: Moment) -> Duration {
        fullAt.map { max(.zero, now.instant.duration(to: $0)) } ?? .zero
    }

    private func charactersTaken(at now: Moment) -> Int {
        day == Self.day(of: now) ? characters : 0
    }

    private static func day(of now: Moment) -> Int64 {
        now.sinceEpoch.components.seconds / dayLength
    }

    private static func untilMidnight(_ now: Moment) -> Duration {
        .seconds((day(of: now) + 1) * dayLength) - now.sinceEpoch
    }
}

extension KeyUsage.Moment {
    /// This moment.
    static var now: Self {
        Self(instant: .now, sinceEpoch: .seconds(Date.now.timeIntervalSince1970))
    }
}
