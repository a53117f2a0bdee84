/// For how long so many jobs have run at once: time as it passes for a job that shares its device.
struct CrowdClock: Sendable, Equatable {
    /// How many run now.
    private(set) var running = 0
    private var changed = Instant.start
    /// Seconds during which so many ran, ever, by their number.
    private var elapsed: [Double] = []

    /// How far the clock had come at some moment.
    typealias Mark = [Double]

    /// A job begins.
    mutating func started(now: Instant) -> Mark {
        defer { running += 1 }
        return mark(now: now)
    }

    /// A job is over.
    mutating func ended(now: Instant) {
        pass(to: now)
        running -= 1
    }

    /// How far the clock has come now.
    mutating func mark(now: Instant) -> Mark {
        pass(to: now)
        return elapsed
    }

    /// For how many seconds so many have run since a mark, by their number. If the moment is still to come, as many as
    /// now are taken to run until then.
    func seconds(since mark: Mark, until moment: Instant) -> [Double] {
        var seconds = elapsed.enumerated().map { $1 - ($0 < mark.count ? mark[$0] : 0) }
        while seconds.count <= running { seconds.append(0) }
        seconds[running] += changed.duration(to: moment) / .seconds(1)
        return seconds
    }

    private mutating func pass(to now: Instant) {
        while elapsed.count <= running { elapsed.append(0) }
        elapsed[running] += changed.duration(to: now) / .seconds(1)
        changed = now
    }
}
