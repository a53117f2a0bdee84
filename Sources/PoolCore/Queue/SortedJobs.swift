/// Waiting jobs of one tenant and class, the one that is due first at the front.
struct SortedJobs {
    /// A job that waits.
    struct Entry {
        let id: JobID
        /// When it should be done.
        let due: Instant
        /// The size of its text.
        let units: Int
        /// The stream that it is a part of.
        let stream: StreamID?
        /// When it has to be begun, or it was in vain to let it in; `nil` if that does not matter.
        let beginBy: Instant?
        /// When it is to be done, so that there is a reserve until it has to be; `nil` without a deadline.
        let aim: Instant?
        /// When it has to be done; `nil` without a deadline.
        let doneBy: Instant?

        var load: Load { Load(jobs: 1, units: units) }
    }

    private(set) var entries: [Entry] = []
    /// All of them together.
    private(set) var load = Load()

    mutating func insert(_ entry: Entry) {
        entries.insert(entry, at: position(due: entry.due, id: entry.id))
        load += entry.load
    }

    /// - Returns: the load of the job; `nil` if it is not there.
    mutating func remove(_ id: JobID, due: Instant) -> Load? {
        let index = position(due: due, id: id)
        guard index < entries.count, entries[index].id == id else { return nil }
        let removed = entries.remove(at: index).load
        load -= removed
        return removed
    }

    /// Those that are due before a moment.
    func load(dueBefore moment: Instant) -> Load {
        var sum = Load()
        for entry in entries {
            guard entry.due <= moment else { break }
            sum += entry.load
        }
        return sum
    }

    /// Where a job is or would be. Jobs that are due at once are in the order of their numbers.
    private func position(due: Instant, id: JobID) -> Int {
        entries.partitioningIndex { ($0.due, $0.id.number) < (due, id.number) }
    }
}
