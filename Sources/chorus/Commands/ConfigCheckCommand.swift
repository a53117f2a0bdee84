import ArgumentParser

/// `chorus config check`.
struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a configuration file and list all that is wrong with it.",
        discussion: """
            Reads the file as 'chorus serve' would, the CHORUS_… variables with it, and prints every problem with its \
            line. Exits with 1 if there is one.

            Examples:
              chorus config check
              chorus config check --config /etc/chorus/chorus.yaml
            """
    )

    @Argument(help: "The same as --config.", completion: .file())
    var file: String?

    @OptionGroup var source: ConfigurationOptions

    func validate() throws {
        guard file == nil || source.config == nil else {
            throw ValidationError("The file is named twice; leave out '\(file ?? "")' or --config.")
        }
    }

    func run() async throws {
        var source = source
        source.config = source.config ?? file
        let loaded = try source.load()
        if let openness = loaded.configuration.openness { throw CommandError(openness.description) }
        if let lack = loaded.configuration.lackOfRights() { throw CommandError(lack) }
        print(loaded.summary)
    }
}

extension LoadedConfiguration {
    /// A line that says that it is valid, and what it amounts to.
    var summary: String {
        let names = configuration.engines.map(\.name).joined(separator: ", ")
        let engines = configuration.engines.count == 1 ? "1 engine" : "\(configuration.engines.count) engines"
        let aliases = configuration.models.count == 1 ? "1 alias" : "\(configuration.models.count) aliases"
        let subject = file.map { "\($0) is valid" } ?? "There is no configuration file; the defaults are valid"
        return "\(subject): \(engines) (\(names)), \(aliases) of models, listens on \(configuration.listen)."
    }
}
