import SpeechAPI
import SpeechCore

extension LoadedConfiguration {
    /// Everything that is in effect, as a file that would have the same effect.
    var document: ConfigurationDocument {
        var entries: [ConfigurationDocument.Entry] = []
        for setting in Setting.all {
            let value = ConfigurationDocument.value(setting.text(configuration))
            let path = setting.name.split(separator: ".").map(String.init)
            let entry = ConfigurationDocument.Entry(path[path.count - 1], value, comment: origins[setting.name])
            if path.count == 1 {
                entries.append(entry)
            } else if entries.last?.key == path[0], case .mapping(let section)? = entries.last?.value {
                entries[entries.count - 1].value = .mapping(section + [entry])
            } else {
                entries.append(ConfigurationDocument.Entry(path[0], .mapping([entry])))
            }
        }
        let engines = configuration.engines.map { $0.document(instancesFrom: origins[Setting.instances.name]) }
        let models = configuration.models.map { ConfigurationDocument.Entry($0.id, .text($0.engine)) }
        let lists = [
            ConfigurationDocument.Entry("engines", .list(engines)),
            ConfigurationDocument.Entry("models", .mapping(models)),
            ConfigurationDocument.Entry("keys", .list(configuration.keys.map(\.document))),
            ConfigurationDocument.Entry("cors", .list(configuration.cors.map { .text($0) })),
        ]
        let behind = ["listen", "insecure", "tls", "admin_socket", "watch"]
        entries.insert(contentsOf: lists, at: entries.prefix { behind.contains($0.key) }.count)
        return .mapping(entries)
    }
}

extension EngineConfiguration {
    /// The engine as an item of `engines`.
    /// - Parameter origin: what set the number of its instances, if the engine itself did not.
    fileprivate func document(instancesFrom origin: String?) -> ConfigurationDocument {
        typealias Entry = ConfigurationDocument.Entry
        func texts(_ texts: [String: String]) -> ConfigurationDocument {
            .mapping(texts.sorted { $0.key < $1.key }.map { Entry($0.key, .text($0.value)) })
        }
        let program =
            switch program {
            case .builtin(let engine): Entry("builtin", .value(engine.rawValue))
            case .command(let words): Entry("command", .list(words.map { .text($0) }))
            }
        func list(_ key: String, _ words: [String]?) -> [Entry] {
            words.map { [Entry(key, .list($0.map { .text($0) }))] } ?? []
        }
        var entries = [Entry("name", .text(name)), program]
        entries += list("devices", devices)
        entries += [
            Entry("instances", instances.document, comment: origin),
            Entry("max_running", maxRunning.document),
            Entry("spares", .value(String(spares))),
            Entry("load_timeout", .value(DurationText.text(loadTimeout))),
            Entry("template", .value(String(usesTemplate))),
        ]
        if let maxJobs { entries.append(Entry("max_jobs", .value(String(maxJobs)))) }
        if let maxAge { entries.append(Entry("max_age", .value(DurationText.text(maxAge)))) }
        if case .command = self.program { entries.append(Entry("mps", .value(String(usesMPS)))) }
        entries += list("doctor", doctor)
        if let user { entries.append(Entry("user", .text(user))) }
        if !passedVariables.isEmpty { entries += list("pass_env", passedVariables) }
        entries += [Entry("env", texts(environment)), Entry("voices", texts(voices))]
        return .mapping(entries)
    }
}

extension APIKeyConfiguration {
    /// The key as an item of `keys`.
    fileprivate var document: ConfigurationDocument {
        typealias Entry = ConfigurationDocument.Entry
        func limit(_ name: String, _ value: Int?) -> [Entry] {
            value.map { [Entry(name, .value(String($0)))] } ?? []
        }
        let limits = key.limits
        var entries = [
            Entry("name", .text(key.name)),
            Entry("hash", .text(key.digest.description)),
            Entry("weight", .value(ValueFormat.number(Self.weights).write(weight))),
            Entry("classes", .list(key.orderedClasses.map { .value($0.rawValue) })),
        ]
        if key.isAdmin { entries.append(Entry("admin", .value("true"))) }
        if let playback = key.playback { entries.append(Entry("playback", .value(playback.rawValue))) }
        entries += limit("requests_per_minute", limits.requestsPerMinute)
        entries += limit("concurrent", limits.concurrent)
        entries += limit("characters_per_day", limits.charactersPerDay)
        return .mapping(entries)
    }
}

extension InstanceCount {
    fileprivate var document: ConfigurationDocument {
        switch self {
        case .exactly(let count): .value(String(count))
        case .auto(Self.range): .value("auto")
        case .auto(let bounds):
            .mapping([
                ConfigurationDocument.Entry("min", .value(String(bounds.lowerBound))),
                ConfigurationDocument.Entry("max", .value(String(bounds.upperBound))),
            ])
        }
    }
}

extension RunningLimit {
    fileprivate var document: ConfigurationDocument {
        switch self {
        case .auto: .value("auto")
        case .exactly(let count): .value(String(count))
        }
    }
}
