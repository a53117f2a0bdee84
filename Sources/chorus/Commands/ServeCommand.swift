import ArgumentParser

/// `chorus serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the speech API.",
        discussion: """
            Starts the instances of all engines, keeps them alive and serves until it is told to stop. On SIGTERM or \
            Ctrl-C it refuses new requests, finishes those in flight and leaves no process behind.

            Flags win over CHORUS_… variables, and those over the file; 'chorus config show' prints what comes of it.

            Where others than this machine reach it, callers need an API key; 'chorus key new' makes one.

            Examples:
              chorus serve
              chorus serve --listen 127.0.0.1:9000 --instances 4
              chorus serve --config chorus.yaml --log-format json
            """
    )

    @OptionGroup var source: ConfigurationOptions

    @Option(help: ArgumentHelp("Where to listen, such as 127.0.0.1:8080, [::1]:8080 or :8080.", valueName: "host:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp("Instances of each engine: a number, or auto for as many as fit.", valueName: "n")
    )
    var instances: String?

    @OptionGroup var log: LogOptions

    @Flag(help: "Serve anybody who reaches the address, without API keys.")
    var insecure = false

    /// What the flags say, by the setting's name.
    var flags: [String: String] {
        let flags = ["listen": listen, "insecure": insecure ? "true" : nil, "instances": instances]
        return flags.compactMapValues(\.self).merging(log.flags) { flag, _ in flag }
    }

    func run() async throws {
        let (source, flags) = (source, flags)
        let loaded = try source.load(flags: flags)
        if let openness = loaded.configuration.openness { throw CommandError(openness.description) }
        OpenFilesLimit.raise()
        let reload: @Sendable () throws(ConfigurationError) -> LoadedConfiguration = { () throws(ConfigurationError) in
            try source.load(flags: flags)
        }
        try await Server(loaded: loaded, reload: reload).run()
    }
}
