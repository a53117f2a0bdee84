import ArgumentParser

/// What the commands that run a pool log, and how.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The least important level to log: trace, debug, info, warning, error.", valueName: "level")
    )
    var logLevel: String?

    @Option(help: ArgumentHelp("How log lines look: text for people, json for programs.", valueName: "format"))
    var logFormat: String?

    /// What the flags say, by the setting's name.
    var flags: [String: String] {
        ["log.level": logLevel, "log.format": logFormat].compactMapValues(\.self)
    }
}
