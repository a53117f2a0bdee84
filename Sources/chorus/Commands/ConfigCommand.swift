import ArgumentParser

/// `chorus config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check and show the configuration.",
        discussion: """
            The configuration is a YAML file. Everything in it has a default, and unknown keys are errors. These \
            variables override it:

            \(variables)
            """,
        subcommands: [ConfigCheckCommand.self, ConfigShowCommand.self]
    )

    /// A table of the variables: what each one sets, and its default.
    private static var variables: String {
        let heading = [
            ["VARIABLE", "KEY", "DEFAULT"], ["CHORUS_CONFIG", "(the file)"],
            ["CHORUS_INSTANCES", "engines.*.instances", "auto"],
        ]
        let rows = Setting.all.map { [$0.variable, $0.name, $0.text(Configuration())] }
        return TextTable(rows: heading + rows).lines.map { "  \($0)" }.joined(separator: "\n")
    }
}
