/// How often processes have ended that nobody told to: of an instance, on a device, or of an engine.
struct Deaths: Sendable {
    /// Deaths since a job was done, or a process served for long.
    private(set) var inARow = 0
    /// Moments of the last deaths that were no outsider's doing, the oldest first.
    private var recent: [Instant] = []

    /// - Parameters:
    ///   - isOwnDoing: nobody else ended the process.
    ///   - limit: as in `areTooMany`.
    mutating func died(isOwnDoing: Bool, limit: Int, now: Instant) {
        inARow += 1
        guard isOwnDoing else { return }
        recent.append(now)
        if recent.count > limit { recent.removeFirst(recent.count - limit) }
    }

    /// A job was done, or a process has served for long.
    mutating func survived() { inARow = 0 }

    /// The next one begins anew.
    mutating func forget() { self = Deaths() }

    /// Whether to try again at once is of no use: so many in a row, or so many within the window.
    func areTooMany(limit: Int, within window: Duration, now: Instant) -> Bool {
        if inARow >= limit { return true }
        guard recent.count >= limit, let first = recent.first else { return false }
        return first.duration(to: now) <= window
    }
}
