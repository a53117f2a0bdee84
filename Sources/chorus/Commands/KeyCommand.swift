import ArgumentParser

/// `chorus key`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make API keys.",
        discussion: """
            With keys in the configuration, callers have to send one; each has a name, a share and limits of its own. \
            The configuration has only a hash of a key, from which nobody learns the key.
            """,
        subcommands: [KeyNewCommand.self]
    )
}
