import SpeechCore
import Supervisor
import Yams

extension ConfigurationReader {
    /// Reads the list of engines. Problems are reported; what could be read is returned for the rest to be checked.
    /// - Returns: `nil` if there is no engine that makes sense.
    mutating func readEngines(_ node: Node) -> [EngineConfiguration]? {
        guard let nodes = list(node, name: "engines", of: "engines, each with name and builtin or command") else {
            return nil
        }
        var engines: [EngineConfiguration] = []
        for (index, node) in nodes.enumerated() {
            guard let engine = readEngine(node, name: "engines[\(index)]") else { continue }
            if engines.contains(where: { $0.name == engine.name }) {
                report(
                    node,
                    "engines[\(index)] is called \"\(engine.name)\" like another engine; each needs its own name"
                )
            } else {
                engines.append(engine)
            }
        }
        return engines.isEmpty ? nil : engines
    }

    /// Reads the aliases of models, in their order. None make an empty list: `models: {}` takes OpenAI's names away.
    mutating func readModels(_ node: Node, engines: [EngineConfiguration]) -> [SpeechModel] {
        let names = engines.map(\.name)
        return entries(of: node, name: "models").compactMap { entry in
            let place = "models.\(entry.key)"
            guard isAllowed(entry, of: "models", .alias),
                let engine = text(entry.value, name: place, allowed: "an engine's name")
            else { return nil }
            if names.contains(entry.key) {
                report(entry.keyNode, "\(place) is an engine's own name; choose another alias")
                return nil
            }
            guard names.contains(engine) else {
                let hint = NearestName.hint(for: engine, in: names)
                report(entry.value, "\(place) is \"\(engine)\", which is no engine; \(hint)")
                return nil
            }
            return SpeechModel(id: entry.key, engine: engine)
        }
    }

    private static let engineKeys = [
        "name", "builtin", "command", "devices", "instances", "max_running", "spares", "max_jobs", "max_age",
        "load_timeout", "template", "mps", "doctor", "user", "pass_env", "env", "voices",
    ]

    private mutating func readEngine(_ node: Node, name place: String) -> EngineConfiguration? {
        let keys = entries(of: node, name: place, known: Self.engineKeys)
        guard case .mapping = node else { return nil }
        let fields = Dictionary(uniqueKeysWithValues: keys.map { ($0.key, $0.value) })
        var name: String?
        if let node = fields["name"] {
            name = value(node, name: "\(place).name", .engineName)
        } else {
            report(node, "\(place) has no name; it must be \(ValueFormat.engineName.allowed)")
        }
        // Another program stands in for a missing one, so that the rest is checked as well.
        var engine = readProgram(fields, at: node, name: place) ?? EngineConfiguration(builtin: .espeak)
        readPlacement(fields, name: place, into: &engine)
        if let node = fields["load_timeout"],
            let timeout = value(node, name: "\(place).load_timeout", .duration(EngineConfiguration.loadTimeouts))
        {
            engine.loadTimeout = timeout
        }
        if let node = fields["template"], let usesTemplate = value(node, name: "\(place).template", .flag) {
            engine.usesTemplate = usesTemplate
        }
        if let node = fields["doctor"] {
            engine.doctor = readCommand(node, name: "\(place).doctor", placeholders: ["{device}"])
        }
        readSurroundings(fields, name: place, into: &engine)
        if let node = fields["voices"] {
            let voices = readTexts(node, name: "\(place).voices", keys: .alias, values: .line)
            engine.voices.merge(voices) { $1 }
            if voices["auto"] != nil {
                report(
                    node,
                    "\(place).voices has an alias called auto, which has a meaning already; choose another name"
                )
            }
        }
        guard let name else { return nil }
        engine.name = name
        return engine
    }

    /// Reads `builtin` or `command`, of which an engine has exactly one.
    private mutating func readProgram(
        _ fields: [String: Node],
        at engine: Node,
        name place: String
    ) -> EngineConfiguration? {
        switch (fields["builtin"], fields["command"]) {
        case (let node?, nil):
            return value(node, name: "\(place).builtin", .choice).map { EngineConfiguration(builtin: $0) }
        case (nil, let node?):
            return readCommand(node, name: "\(place).command").map { EngineConfiguration(name: "", command: $0) }
        case (_?, let node?):
            report(node, "\(place) has builtin and command; it must have one of them")
            return nil
        case (nil, nil):
            report(engine, "\(place) has neither builtin nor command; it must have one of them")
            return nil
        }
    }

    /// Reads where instances live, how many there are and how they share their devices.
    private mutating func readPlacement(
        _ fields: [String: Node],
        name place: String,
        into engine: inout EngineConfiguration
    ) {
        if let node = fields["devices"], let devices = readDevices(node, name: "\(place).devices") {
            engine.devices = devices
        }
        if let node = fields["instances"], let instances = readInstances(node, name: "\(place).instances") {
            engine.instances = instances
        }
        if let node = fields["max_running"],
            let limit = value(node, name: "\(place).max_running", .orAuto(.integer(RunningLimit.range)))
        {
            engine.maxRunning = limit.map { .exactly($0) } ?? .auto
        }
        if let node = fields["spares"],
            let spares = value(node, name: "\(place).spares", .integer(EngineConfiguration.spareCounts))
        {
            engine.spares = spares
        }
        if let node = fields["max_jobs"] {
            engine.maxJobs = value(node, name: "\(place).max_jobs", .integer(EngineConfiguration.jobCounts))
        }
        if let node = fields["max_age"] {
            engine.maxAge = value(node, name: "\(place).max_age", .duration(EngineConfiguration.ages))
        }
        if let node = fields["mps"], let usesMPS = value(node, name: "\(place).mps", .flag) {
            engine.usesMPS = usesMPS
            if fields["builtin"] != nil && fields["command"] == nil {
                report(node, "\(place).mps is only for engines with command; leave it out")
            }
        }
    }

    /// Reads whose rights instances have, and what they know of the environment.
    private mutating func readSurroundings(
        _ fields: [String: Node],
        name place: String,
        into engine: inout EngineConfiguration
    ) {
        if let node = fields["user"], let user = value(node, name: "\(place).user", .line) {
            engine.user = user
            if UserAccount(named: user) == nil {
                report(node, "\(place).user is \"\(user)\", whom this system does not know; name one of its accounts")
            }
            if engine.usesMPS {
                let reason = "the daemon serves one user only"
                report(node, "\(place).user does not go with mps: \(reason); leave one of them out")
            }
        }
        if let node = fields["pass_env"], let nodes = list(node, name: "\(place).pass_env", of: "names of variables") {
            engine.passedVariables = nodes.enumerated().compactMap { index, node in
                value(node, name: "\(place).pass_env[\(index)]", .variable)
            }
        }
        if let node = fields["env"] {
            engine.environment = readTexts(node, name: "\(place).env", keys: .variable, values: .any)
        }
    }

    /// Reads a number of instances, or the bounds of `auto`.
    private mutating func readInstances(_ node: Node, name place: String) -> InstanceCount? {
        let number = ValueFormat.integer(InstanceCount.range)
        guard case .mapping = node else {
            var format = ValueFormat.orAuto(number)
            format.allowed += ", or bounds such as {min: 1, max: 8}"
            return value(node, name: place, format).map { $0.map { .exactly($0) } ?? .auto }
        }
        let count = problems.count
        var bounds: [String: Int] = [:]
        for entry in entries(of: node, name: place, known: ["min", "max"]) {
            bounds[entry.key] = value(entry.value, name: "\(place).\(entry.key)", number)
        }
        guard count == problems.count else { return nil }
        let min = bounds["min"] ?? InstanceCount.range.lowerBound
        let max = bounds["max"] ?? InstanceCount.range.upperBound
        if bounds.isEmpty {
            report(node, "\(place) has neither min nor max; it must have at least one of them")
        } else if min > max {
            report(node, "\(place) has min \(min) and max \(max); min must be at most max")
        }
        return count == problems.count ? .auto(min...max) : nil
    }

    /// - Parameter known: the placeholders that there are. If `{uri}` is one of them it is needed: it says which socket
    ///   to serve.
    private mutating func readCommand(
        _ node: Node,
        name place: String,
        placeholders known: [String] = ["{uri}", "{device}", "{instance}", "{memory_bytes}"]
    ) -> [String]? {
        guard let nodes = list(node, name: place, of: "a program and its arguments") else { return nil }
        let count = problems.count
        let words = nodes.enumerated().compactMap { index, node in
            value(node, name: "\(place)[\(index)]", index == 0 ? .line : .any)
        }
        for (word, node) in zip(words, nodes) where count == problems.count {
            for placeholder in Self.placeholders(in: word) where !known.contains(placeholder) {
                let all = known.count == 1 ? "is \(known[0])" : "are \(known.joined(separator: ", "))"
                report(node, "\(place) has the unknown placeholder \(placeholder); there \(all)")
            }
        }
        if count == problems.count, known.contains("{uri}"), !words.contains(where: { $0.contains("{uri}") }) {
            report(
                node,
                "\(place) has no {uri}; the program must be told there which socket to serve, as in --uri \"{uri}\""
            )
        }
        return count == problems.count ? words : nil
    }

    /// The words in braces; JSON in an argument has none, because its words are quoted.
    private static func placeholders(in word: String) -> [String] {
        word.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
            guard let end = part.firstIndex(of: "}"), end > part.startIndex else { return nil }
            let name = part[..<end]
            return name.allSatisfy { $0.isLetter || $0 == "_" } ? "{\(name)}" : nil
        }
    }

    private mutating func readDevices(_ node: Node, name place: String) -> [String]? {
        guard let nodes = list(node, name: place, of: "devices such as cpu or cuda:0") else { return nil }
        var devices: [String] = []
        for (index, node) in nodes.enumerated() {
            guard let device = value(node, name: "\(place)[\(index)]", .device) else { continue }
            if devices.contains(device) {
                report(node, "\(place)[\(index)] is \"\(device)\" again; each device is named once")
            } else {
                devices.append(device)
            }
        }
        return devices.isEmpty ? nil : devices
    }

    /// Reads a mapping of texts to texts.
    private mutating func readTexts(
        _ node: Node,
        name place: String,
        keys: ValueFormat<String>,
        values: ValueFormat<String>
    ) -> [String: String] {
        var texts: [String: String] = [:]
        for entry in entries(of: node, name: place) where isAllowed(entry, of: place, keys) {
            texts[entry.key] = value(entry.value, name: "\(place).\(entry.key)", values)
        }
        return texts
    }

    /// Reports a key that is not allowed.
    private mutating func isAllowed(_ entry: Entry, of place: String, _ format: ValueFormat<String>) -> Bool {
        if format.read(entry.key) != nil { return true }
        report(entry.keyNode, "\"\(entry.key)\" is no key for \(place); it must be \(format.allowed)")
        return false
    }
}
