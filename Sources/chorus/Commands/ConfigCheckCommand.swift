import ArgumentParser
import FoundationEssentials

/// `chorus config check`.
struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a configuration file and list all that is wrong with it.",
        discussion: """
            Reads the file as 'chorus serve' would, the CHORUS_… variables with it, and prints every problem with its \
            line. Exits with 1 if there is one.

            Example:
              chorus config check /etc/chorus/chorus.yaml
            """
    )

    @Argument(help: "The file. (default: the one that 'chorus serve' would read)", completion: .file())
    var file: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let file = try ConfigurationFile.find(file, environment: environment)
        let loaded = try LoadedConfiguration(file: file, environment: environment)
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
