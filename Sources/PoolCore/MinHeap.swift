/// Values of which the least is at hand: a binary heap. Looking is O(1), inserting and removing O(log n).
package struct MinHeap<Value: Comparable> {
    private var values: [Value] = []

    /// Nothing is in it.
    package init() {}

    /// Whether nothing is in it.
    package var isEmpty: Bool { values.isEmpty }

    /// The least.
    package var first: Value? { values.first }

    /// Adds a value.
    package mutating func insert(_ value: Value) {
        values.append(value)
        var child = values.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard values[child] < values[parent] else { return }
            values.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the least.
    package mutating func removeFirst() -> Value? {
        guard let last = values.popLast() else { return nil }
        guard let first = values.first else { return last }
        replaceFirst(by: last)
        return first
    }

    /// Puts another value in the place of the least.
    package mutating func replaceFirst(by value: Value) {
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

extension MinHeap: Sendable where Value: Sendable {}
