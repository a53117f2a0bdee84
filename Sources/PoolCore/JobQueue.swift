import DequeModule

/// The jobs of one engine that wait, and what is known of how long they take.
struct JobQueue {
    private(set) var waiting: Deque<JobID> = []
    /// Mean time on a slot, exponentially weighted; `nil` until a job has been timed.
    private(set) var meanService: Duration?

    /// How much of a new measurement goes into the mean.
    private static let weight = 0.1

    mutating func append(_ job: JobID) { waiting.append(job) }

    /// For a job that has been served before and waits again.
    mutating func prepend(_ job: JobID) { waiting.prepend(job) }

    mutating func removeAll() { waiting = [] }

    mutating func remove(_ job: JobID) {
        if let index = waiting.firstIndex(of: job) { waiting.remove(at: index) }
    }

    mutating func remove(at position: Int) { waiting.remove(at: position) }

    mutating func jobServed(in duration: Duration) {
        guard let mean = meanService else {
            meanService = duration
            return
        }
        meanService = mean * (1 - Self.weight) + duration * Self.weight
    }

    /// How long a job that comes now waits until its turn; `nil` when nothing is known.
    func predictedWait(slots: Int) -> Duration? {
        guard let meanService, slots > 0 else { return nil }
        return meanService * (Double(waiting.count + 1) / Double(slots))
    }
}
