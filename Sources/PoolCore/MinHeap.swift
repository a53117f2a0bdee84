/// Values of which the least is at hand: a binary heap. Looking is O(1), inserting and removing O(log n).
struct MinHeap<Value: Comparable> {
    private var values: [Value] = []

    var isEmpty: Bool { values.isEmpty }

    /// The least.
    var first: Value? { values.first }

    mutating func insert(_ value: Value) {
        values.append(value)
        var child = values.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard values[child] < values[parent] else { return }
            values.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Value? {
        guard let last = values.popLast() else { return nil }
        guard let first = values.first else { return last }
        replaceFirst(by: last)
        return first
    }

    /// Puts another value in the place of the least.
    mutating func replaceFirst(by value: Value) {
        values[0] = value
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < values.count && values[child] < values[least] {
                least = child
            }
            guard least != parent else { return }
            values.swapAt(parent, least)
            parent = least
        }
    }
}
