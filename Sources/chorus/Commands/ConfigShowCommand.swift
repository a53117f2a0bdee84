import ArgumentParser

/// `chorus config show`.
struct ConfigShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the configuration that is in effect.",
        discussion: """
            Prints every setting with its value, as YAML that can be used as a configuration file. A comment says \
            which line of the file, or which variable, gave a value; values without one are defaults.

            Example:
              chorus config show --config chorus.yaml
            """
    )

    @OptionGroup var source: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let document = try source.load().document
        print(json ? document.json : document.yaml, terminator: "")
    }
}
