import Yams

/// Reads `chorus.yaml` strictly. It never stops at the first problem: all of them are collected, each with its place.
struct ConfigurationReader {
    /// The file's name, as problems show it.
    let file: String
    /// What was wrong so far.
    private(set) var problems: [ConfigurationProblem] = []
    /// The line of each setting that the file gives, by the setting's name.
    private(set) var lines: [String: Int] = [:]

    /// A reader of one file.
    init(file: String) {
        self.file = file
    }

    /// Reads a whole file over a configuration. An empty file changes nothing.
    mutating func read(_ text: String, into configuration: inout Configuration) {
        do {
            guard let root = try compose(yaml: text, .default, .default, .utf8) else { return }
            readRoot(root, into: &configuration)
        } catch {
            problems.append(Self.problem(error, file: file, text: text))
        }
    }

    private mutating func readRoot(_ root: Node, into configuration: inout Configuration) {
        let entries = entries(of: root, name: nil, known: Self.rootKeys)
        if let node = entries.first(where: { $0.key == "engines" })?.value, let engines = readEngines(node) {
            configuration.engines = engines
            configuration.models = Configuration.openAIModels(for: engines)
        }
        for entry in entries {
            switch entry.key {
            case "engines": break
            case "models": configuration.models = readModels(entry.value, engines: configuration.engines)
            case "keys": configuration.keys = readKeys(entry.value)
            case "cors": configuration.cors = readOrigins(entry.value)
            default: readSettings(entry.key, entry.value, into: &configuration)
            }
        }
    }

    /// The keys of the file's first level, in the order of the documentation.
    private static let rootKeys: [String] = {
        var keys = ["engines", "models", "keys", "cors"]
        for setting in Setting.all {
            let key = String(setting.name.prefix { $0 != "." })
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }()

    /// Reads a setting, or a section of settings.
    private mutating func readSettings(_ key: String, _ node: Node, into configuration: inout Configuration) {
        if let setting = Setting.all.first(where: { $0.name == key }) {
            read(setting, node, into: &configuration)
            return
        }
        let settings = Setting.all.filter { $0.name.hasPrefix(key + ".") }
        let keys = settings.map { String($0.name.dropFirst(key.count + 1)) }
        for entry in entries(of: node, name: key, known: keys) {
            guard let index = keys.firstIndex(of: entry.key) else { continue }
            read(settings[index], entry.value, into: &configuration)
        }
    }

    private mutating func read(_ setting: Setting, _ node: Node, into configuration: inout Configuration) {
        guard let text = text(node, name: setting.name, allowed: setting.allowed) else { return }
        if setting.apply(text, &configuration) {
            lines[setting.name] = node.mark?.line
        } else {
            report(node, "\(setting.name) is \"\(text)\"; it must be \(setting.allowed)")
        }
    }
}

// MARK: Nodes

extension ConfigurationReader {
    /// A key of a mapping with its value.
    struct Entry {
        var key: String
        /// The key's own node, for its place.
        var keyNode: Node
        var value: Node
    }

    /// Notes what is wrong at a node.
    mutating func report(_ node: Node, _ message: String) {
        let place = node.mark.map { ConfigurationProblem.Place(file: file, line: $0.line, column: $0.column) }
        problems.append(ConfigurationProblem(place: place, message: message))
    }

    /// The entries of a mapping in their order; empty if it is none. Keys that are not known are reported and left out.
    /// - Parameters:
    ///   - name: what to call the mapping in a problem; `nil` for the file itself.
    ///   - known: the keys that may be there; `nil` allows all.
    mutating func entries(of node: Node, name: String?, known: [String]? = nil) -> [Entry] {
        guard case .mapping(let mapping) = node else {
            report(node, "\(name ?? "the file") is \(Self.kind(node)); it must be a mapping of keys to values")
            return []
        }
        return mapping.compactMap { keyNode, value in
            guard case .scalar(let key) = keyNode else {
                report(keyNode, "a key of \(name ?? "the file") is \(Self.kind(keyNode)); it must be a word")
                return nil
            }
            guard let known, !known.contains(key.string) else {
                return Entry(key: key.string, keyNode: keyNode, value: value)
            }
            let place = name.map { " of \($0)" } ?? ""
            report(
                keyNode,
                "\"\(key.string)\" is not a setting\(place); \(NearestName.hint(for: key.string, in: known))"
            )
            return nil
        }
    }

    /// The nodes of a list; `nil` if it is none or is empty.
    mutating func list(_ node: Node, name: String, of what: String) -> [Node]? {
        guard case .sequence(let sequence) = node, !sequence.isEmpty else {
            report(node, "\(name) is \(Self.kind(node)); it must be a list of \(what)")
            return nil
        }
        return Array(sequence)
    }

    /// The text of a scalar as it is written, whatever type YAML would give it; `nil` if there is none.
    mutating func text(_ node: Node, name: String, allowed: String) -> String? {
        guard case .scalar(let scalar) = node, !Self.isNull(scalar) else {
            report(node, "\(name) is \(Self.kind(node)); it must be \(allowed)")
            return nil
        }
        return scalar.string
    }

    /// A scalar's value; `nil` if it has none or one that is not allowed.
    mutating func value<Value>(_ node: Node, name: String, _ format: ValueFormat<Value>) -> Value? {
        guard let text = text(node, name: name, allowed: format.allowed) else { return nil }
        guard let value = format.read(text) else {
            report(node, "\(name) is \"\(text)\"; it must be \(format.allowed)")
            return nil
        }
        return value
    }

    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    private static func kind(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): isNull(scalar) ? "empty" : "\"\(scalar.string)\""
        case .mapping(let mapping): mapping.isEmpty ? "an empty mapping" : "a mapping"
        case .sequence(let sequence): sequence.isEmpty ? "an empty list" : "a list"
        case .alias: "an alias"
        }
    }
}

// MARK: Syntax

extension ConfigurationReader {
    /// What the YAML parser found, with its place.
    private static func problem(_ error: any Error, file: String, text: String) -> ConfigurationProblem {
        func problem(_ line: Int, _ column: Int, _ message: String) -> ConfigurationProblem {
            let place = ConfigurationProblem.Place(file: file, line: line, column: column)
            return ConfigurationProblem(place: place, message: message)
        }
        switch error as? YamlError {
        case .scanner(_, let text, let mark, _), .parser(_, let text, let mark, _), .composer(_, let text, let mark, _):
            return problem(mark.line, mark.column, "this is not YAML: \(text)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            return problem(context.mark.line, context.mark.column, "\(names) is given more than once here")
        case .reader(let words, let offset, _, _):
            let line = text.prefix(offset ?? 0).count { $0.isNewline } + 1
            return problem(line, 1, "this is not YAML: \(words)")
        default:
            return ConfigurationProblem(message: "\(file) is not YAML: \(error)")
        }
    }
}
