/// Why a command cannot go on, in words for whoever gave it.
struct CommandError: Error, CustomStringConvertible {
    /// What is wrong and what to do.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
