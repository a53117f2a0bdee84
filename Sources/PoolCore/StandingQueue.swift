/// Finds out whether a queue stands: a burst makes a queue that passes, too much work one that does not.
///
/// It is the idea of CoDel (Nichols, Jacobson: "Controlling Queue Delay", ACM Queue 2012): what counts is the least that
/// anybody has waited for a while.
struct StandingQueue {
    /// Since when everybody who was started had waited for longer than the target.
    private var since: Instant?

    /// A job that somebody waits for was started.
    mutating func started(after wait: Duration, target: Duration, now: Instant) {
        since = wait > target ? since ?? now : nil
    }

    /// Nobody waits.
    mutating func emptied() { since = nil }

    /// For how long it has been standing, if it is.
    func duration(now: Instant) -> Duration { since?.duration(to: now) ?? .zero }
}
