/// How many jobs may be run again, so that a pool in trouble is not kept busy with its own repetitions: one for every
/// so many jobs that are done, and some at once.
struct RetryBudget: Sendable {
    /// What there is at the start, and what may be saved up.
    static let most = 100.0
    /// What each job that is done adds.
    static let share = 0.2

    private(set) var left = most

    /// A job was done.
    mutating func jobDone() { left = min(Self.most, left + Self.share) }

    /// A job is to be run again.
    /// - Returns: `false` when too many were.
    mutating func take() -> Bool {
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
