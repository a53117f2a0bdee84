import ArgumentParser
import FoundationEssentials

/// Which configuration file a command reads.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file.",
            discussion:
                "Without it: $CHORUS_CONFIG, else ./chorus.yaml, else /etc/chorus/chorus.yaml, else the defaults.",
            valueName: "file"
        ),
        completion: .file(extensions: ["yaml", "yml", "json"])
    )
    var config: String?

    /// Loads the configuration that is in effect.
    /// - Parameter flags: what other flags say, by the setting's name.
    /// - Throws: all that is wrong with it.
    func load(flags: [String: String] = [:]) throws(ConfigurationError) -> LoadedConfiguration {
        let environment = ProcessInfo.processInfo.environment
        let file = try ConfigurationFile.find(config, environment: environment)
        return try LoadedConfiguration(file: file, environment: environment, flags: flags)
    }
}
