import ArgumentParser

/// The log's flags, of the commands that run a pool.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The least important level to log: trace, debug, info, warning, error.", valueName: "level")
    )
    var logLevel: String?

    @Option(help: ArgumentHelp("How log lines look: text for people, json for programs.", valueName: "format"))
    var logFormat: String?

    /// The values of the flags, by the settings' names.
    var flags: [String: String] {
        ["log.level": logLevel, "log.format": logFormat].compactMapValues(\.self)
    }
}
