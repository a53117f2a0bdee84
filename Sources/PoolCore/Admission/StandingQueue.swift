/// Finds out whether a queue stands: a burst makes one that passes, too much work one that does not.
///
/// The idea is that of CoDel (Nichols, Jacobson: "Controlling Queue Delay", ACM Queue 2012): what counts is for how
/// long there has always been too much. There it is the least time that anybody waited; here, where the urgent go
/// first, it is the work that waits.
struct StandingQueue {
    /// All that waits, but for bulk and what its listener does not need yet.
    private(set) var load = Load()
    /// Since when that has been too much, again and again.
    private var since: Instant?
    /// When it was too much the last time.
    private var last = Instant.start

    mutating func entered(_ job: Job) {
        guard Self.counts(job) else { return }
        load += Load(jobs: 1, units: job.units)
    }

    mutating func left(_ job: Job) {
        guard Self.counts(job) else { return }
        load -= Load(jobs: 1, units: job.units)
    }

    /// To be called when what waits has changed.
    /// - Parameters:
    ///   - isTooMuch: whether `load` is more than may always wait.
    ///   - calm: for how long it has to be less until it does not stand any more.
    mutating func update(isTooMuch: Bool, calm: Duration, now: Instant) {
        if isTooMuch {
            if last.duration(to: now) > calm { since = nil }
            since = since ?? now
            last = now
        } else if last.duration(to: now) > calm {
            since = nil
        }
    }

    /// For how long it has been standing, if it is.
    func duration(now: Instant) -> Duration { since?.duration(to: now) ?? .zero }

    private static func counts(_ job: Job) -> Bool {
        job.request.jobClass != .bulk && !(job.request.isContinuation && job.request.isPlayed)
    }
}
