import Synchronization

/// Things that are each taken once, in their order, by whichever thread comes first.
package final class Supply<Element: Sendable>: Sendable {
    private let elements: [Element]
    private let next = Atomic(0)

    package init(_ elements: [Element]) {
        self.elements = elements
    }

    /// The next one; `nil` when all have been taken.
    package func take() -> Element? {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return elements.indices.contains(index) ? elements[index] : nil
    }
}
