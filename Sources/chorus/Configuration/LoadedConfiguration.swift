/// A configuration and where its values came from. What is nearer to the user wins: flags, then variables, then the
/// file, then defaults.
struct LoadedConfiguration: Sendable, Equatable {
    /// The values.
    var configuration = Configuration()
    /// The name of the file; `nil` if there was none.
    var file: String?
    /// What gave a setting its value, such as `chorus.yaml:3`, `CHORUS_LISTEN` or `--listen`, by the setting's name.
    /// Defaults are not in it.
    var origins: [String: String] = [:]

    /// Nothing but defaults.
    static let defaults = LoadedConfiguration()

    private init() {}

    /// Brings everything together that decides the configuration.
    /// - Parameters:
    ///   - file: the file, if there is one.
    ///   - environment: the variables; an empty one counts as unset. Those called `CHORUS_…` that mean nothing are
    ///     ignored, because Kubernetes sets such for a service that is called chorus.
    ///   - flags: what flags say, by the setting's name.
    /// - Throws: all that is wrong with any of them.
    init(
        file: ConfigurationFile?,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws(ConfigurationError) {
        var problems: [ConfigurationProblem] = []
        if let file {
            var reader = ConfigurationReader(file: file.name)
            reader.read(file.text, into: &configuration)
            self.file = file.name
            self.origins = reader.lines.mapValues { "\(file.name):\($0)" }
            problems = reader.problems.sorted { first, second in
                (first.place?.line ?? 0, first.place?.column ?? 0) < (
                    second.place?.line ?? 0, second.place?.column ?? 0
                )
            }
        }
        for setting in Setting.all + [.instances] {
            let overrides = [(setting.variable, environment[setting.variable]), (setting.flag, flags[setting.name])]
            for case (let name, let text?) in overrides where !text.isEmpty {
                if setting.apply(text, &configuration) {
                    origins[setting.name] = name
                } else {
                    problems.append(
                        ConfigurationProblem(message: "\(name) is \"\(text)\"; it must be \(setting.allowed)")
                    )
                }
            }
        }
        if (configuration.tls.certificate == nil) != (configuration.tls.key == nil) {
            let (here, missing) = configuration.tls.key == nil ? ("certificate", "key") : ("key", "certificate")
            let message = "tls.\(here) is given and tls.\(missing) is not; HTTPS needs both, or neither is to be given"
            problems.append(ConfigurationProblem(message: message))
        }
        if !problems.isEmpty { throw ConfigurationError(problems: problems) }
    }
}
