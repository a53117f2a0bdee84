/// Bytes that are not Wyoming, or that go past a limit. The connection they came from is of no more use.
package struct WyomingError: Error, Equatable, CustomStringConvertible {
    /// What was wrong, for people.
    package let description: String

    /// - Parameter description: says what was wrong, as a sentence without its full stop.
    init(_ description: String) {
        self.description = description
    }
}
