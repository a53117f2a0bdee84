/// An engine of which no instance has ever loaded: the pool cannot start.
package struct EngineStartError: Error, CustomStringConvertible {
    /// The engine's name.
    package let engine: String
    /// How its last process ended.
    package let ending: String
    /// What that wrote last, the oldest line first.
    package let lastWords: [String]

    package var description: String {
        let words = lastWords.isEmpty ? "It wrote nothing." : "It wrote last:\n  \(lastWords.joined(separator: "\n  "))"
        return "Engine '\(engine)' cannot be loaded: its processes end (\(ending)). \(words)"
    }
}

/// How a process ended.
struct Failure {
    /// Such as `exit status 1`.
    let ending: String
    /// What it wrote last, the oldest line first.
    let lastWords: [String]
}
