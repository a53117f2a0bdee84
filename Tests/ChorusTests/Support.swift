@testable import chorus

/// Reads a file called `chorus.yaml` with this text.
func load(
    _ yaml: String,
    environment: [String: String] = [:],
    flags: [String: String] = [:]
) throws(ConfigurationError) -> LoadedConfiguration {
    let file = ConfigurationFile(name: "chorus.yaml", text: yaml)
    return try LoadedConfiguration(file: file, environment: environment, flags: flags)
}

/// The configuration of a file with this text.
func configuration(_ yaml: String) throws(ConfigurationError) -> Configuration {
    try load(yaml).configuration
}

/// All that is wrong with a file with this text, a line for each problem.
func problems(_ yaml: String, environment: [String: String] = [:], flags: [String: String] = [:]) -> [String] {
    do {
        _ = try load(yaml, environment: environment, flags: flags)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}
