/// Waiting jobs of one tenant and class, the one that is due first at the front.
struct SortedJobs {
    /// A job that waits.
    struct Entry {
        let id: JobID
        /// When it should be done.
        let due: Instant
        /// When it has to be done, or it was in vain to let it in.
        let latest: Instant
        /// How long it is predicted to take, in seconds.
        let seconds: Double
    }

    private(set) var entries: [Entry] = []
    /// How long all of them are predicted to take, in seconds.
    private(set) var seconds = 0.0

    var isEmpty: Bool { entries.isEmpty }

    mutating func insert(_ entry: Entry) {
        entries.insert(entry, at: position(due: entry.due, id: entry.id))
        seconds += entry.seconds
    }

    /// - Returns: whether it was there.
    @discardableResult
    mutating func remove(_ id: JobID, due: Instant) -> Bool {
        let index = position(due: due, id: id)
        guard index < entries.count, entries[index].id == id else { return false }
        seconds -= entries[index].seconds
        entries.remove(at: index)
        // What rounding has left is not to add up over months.
        if entries.isEmpty { seconds = 0 }
        return true
    }

    /// How long those take that are due before a moment, in seconds.
    func seconds(dueBefore moment: Instant) -> Double {
        var sum = 0.0
        for entry in entries {
            guard entry.due <= moment else { break }
            sum += entry.seconds
        }
        return sum
    }

    /// Where a job is or would be. Jobs that are due at once are in the order of their numbers.
    private func position(due: Instant, id: JobID) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            let entry = entries[middle]
            if (entry.due, entry.id.number) < (due, id.number) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
