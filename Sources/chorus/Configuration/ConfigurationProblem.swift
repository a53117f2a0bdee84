/// One thing that is wrong with the configuration: where, what, and what is allowed.
struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// A place in a file; lines and columns count from 1.
    struct Place: Sendable, Equatable, CustomStringConvertible {
        var file: String
        var line: Int
        var column: Int

        var description: String { "\(file):\(line):\(column)" }
    }

    /// Where in the file; `nil` for a variable or a flag, which the message names.
    var place: Place?
    /// What is wrong and what is allowed.
    var message: String

    var description: String { place.map { "\($0): \(message)" } ?? message }
}

/// All that is wrong with the configuration.
struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// At least one problem, those of the file first.
    var problems: [ConfigurationProblem]

    /// A line for each problem, each at the beginning of its line so that editors can jump to it.
    var description: String {
        let count = problems.count == 1 ? "a problem" : "\(problems.count) problems"
        return "the configuration has \(count):\n" + problems.map(\.description).joined(separator: "\n")
    }
}
