/// Values in order, in chunks of bounded size. Looking at the first is O(1); inserting, removing and finding cost
/// O(log n) comparisons and O(chunk + n / chunk) moves.
struct SortedChunks<Value: Comparable & Sendable>: Sendable, Sequence {
    /// None is empty.
    private var chunks: [[Value]] = []

    /// Values in a chunk at the most.
    private static var limit: Int { 256 }

    /// The least.
    var first: Value? { chunks.first?.first }

    /// The values in order.
    func makeIterator() -> Iterator { Iterator(chunks: chunks) }

    /// Walks through the values.
    struct Iterator: IteratorProtocol {
        fileprivate let chunks: [[Value]]
        private var chunk = 0
        private var index = 0

        fileprivate init(chunks: [[Value]]) { self.chunks = chunks }

        mutating func next() -> Value? {
            guard chunk < chunks.count else { return nil }
            let value = chunks[chunk][index]
            index += 1
            if index == chunks[chunk].count { (chunk, index) = (chunk + 1, 0) }
            return value
        }
    }

    /// Adds a value that is not there.
    mutating func insert(_ value: Value) {
        guard !chunks.isEmpty else { return chunks.append([value]) }
        let chunk = Swift.max(0, chunks.partitioningIndex { $0[0] < value } - 1)
        chunks[chunk].insert(value, at: chunks[chunk].partitioningIndex { $0 < value })
        let count = chunks[chunk].count
        guard count > Self.limit else { return }
        chunks.insert(Array(chunks[chunk][(count / 2)...]), at: chunk + 1)
        chunks[chunk].removeLast(count - count / 2)
    }

    /// Removes a value. Nothing happens if it is not there.
    mutating func remove(_ value: Value) {
        let next = chunks.partitioningIndex { !(value < $0[0]) }
        guard next > 0 else { return }
        let index = chunks[next - 1].partitioningIndex { $0 < value }
        guard index < chunks[next - 1].count, chunks[next - 1][index] == value else { return }
        chunks[next - 1].remove(at: index)
        if chunks[next - 1].isEmpty { chunks.remove(at: next - 1) }
    }
}
