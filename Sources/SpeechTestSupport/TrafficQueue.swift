import PoolCore

/// What is to happen, the earliest first: a binary heap. What is due at the same moment happens in the order in which
/// it was put in.
struct TrafficQueue<Event: Sendable>: Sendable {
    private struct Entry: Sendable {
        let at: Instant
        let number: Int
        let event: Event

        func isBefore(_ other: Entry) -> Bool { (at, number) < (other.at, other.number) }
    }

    private var heap: [Entry] = []
    private var count = 0

    /// When the next one is due.
    var next: Instant? { heap.first?.at }

    mutating func insert(_ event: Event, at: Instant) {
        count += 1
        heap.append(Entry(at: at, number: count, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (at: Instant, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return (first.at, first.event) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            guard least != parent else { return (first.at, first.event) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
