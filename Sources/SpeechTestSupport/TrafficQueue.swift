import PoolCore

/// Events to come, the earliest first. Events that are due at the same moment happen in the order in which they were
/// put in.
struct TrafficQueue<Event: Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let at: Instant
        let number: Int
        let event: Event

        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }

        static func < (left: Entry, right: Entry) -> Bool { (left.at, left.number) < (right.at, right.number) }
    }

    private var heap = MinHeap<Entry>()
    private var count = 0

    /// When the next one is due.
    var next: Instant? { heap.first?.at }

    mutating func insert(_ event: Event, at: Instant) {
        count += 1
        heap.insert(Entry(at: at, number: count, event: event))
    }

    mutating func pop() -> (at: Instant, event: Event)? { heap.removeFirst().map { ($0.at, $0.event) } }
}
