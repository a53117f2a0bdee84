import SpeechAPI
import SpeechCore
import Yams

extension ConfigurationReader {
    /// Reads the list of API keys; an empty one is as good as none. Problems are reported; what could be read is
    /// returned.
    mutating func readKeys(_ node: Node) -> [APIKeyConfiguration] {
        if case .sequence(let sequence) = node, sequence.isEmpty { return [] }
        guard let nodes = list(node, name: "keys", of: "API keys, each with name and hash") else { return [] }
        var keys: [APIKeyConfiguration] = []
        for (index, node) in nodes.enumerated() {
            guard let read = readKey(node, name: "keys[\(index)]") else { continue }
            if keys.contains(where: { $0.key.name == read.key.name }) {
                report(node, "keys[\(index)] is called \"\(read.key.name)\" like another key; each needs its own name")
            } else if let other = keys.first(where: { $0.key.digest == read.key.digest }) {
                report(node, "keys[\(index)] has the hash of \"\(other.key.name)\"; make another with: chorus key new")
            } else {
                keys.append(read)
            }
        }
        return keys
    }

    /// Reads the origins of web pages that may use the server; an empty list is as good as none.
    mutating func readOrigins(_ node: Node) -> [String] {
        if case .sequence(let sequence) = node, sequence.isEmpty { return [] }
        var origins: [String] = []
        for (index, node) in (list(node, name: "cors", of: "origins of web pages") ?? []).enumerated() {
            guard let origin = value(node, name: "cors[\(index)]", .origin) else { continue }
            if origins.contains(origin) {
                report(node, "cors[\(index)] is \"\(origin)\" again; each origin is named once")
            } else {
                origins.append(origin)
            }
        }
        return origins
    }

    private static let keyKeys = [
        "name", "hash", "admin", "weight", "classes", "playback", "requests_per_minute", "concurrent",
        "characters_per_day",
    ]

    private mutating func readKey(_ node: Node, name place: String) -> APIKeyConfiguration? {
        let entries = entries(of: node, name: place, known: Self.keyKeys)
        guard case .mapping = node else { return nil }
        let fields = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
        let name: String? = needed("name", .tenantName, of: node, fields, name: place)
        let digest = readHash(fields["hash"], of: node, name: place)
        // Others stand in for missing ones, so that the rest is checked as well.
        var read = APIKeyConfiguration(APIKey(name: name ?? "", digest: digest ?? KeyDigest(of: "")))
        if let weight = given("weight", .number(APIKeyConfiguration.weights), fields, name: place) {
            read.weight = weight
        }
        if let isAdmin = given("admin", .flag, fields, name: place) { read.key.isAdmin = isAdmin }
        if let node = fields["classes"] { read.key.classes = readClasses(node, name: "\(place).classes") }
        read.key.playback = given("playback", .choice, fields, name: place)
        typealias Limits = APIKey.Limits
        read.key.limits.requestsPerMinute =
            given("requests_per_minute", .integer(Limits.requestRates), fields, name: place)
        read.key.limits.concurrent = given("concurrent", .integer(Limits.concurrencies), fields, name: place)
        read.key.limits.charactersPerDay =
            given("characters_per_day", .integer(Limits.characterCounts), fields, name: place)
        return name == nil || digest == nil ? nil : read
    }

    /// Reads a hash. A problem does not show it: who takes the key for its hash must not find the key in a log.
    private mutating func readHash(_ node: Node?, of key: Node, name place: String) -> KeyDigest? {
        let allowed = "sha256: and 64 hexadecimal digits, as 'chorus key new' prints them"
        guard let node else {
            report(key, "\(place) has no hash; it must be \(allowed)")
            return nil
        }
        guard let text = text(node, name: "\(place).hash", allowed: allowed) else { return nil }
        let digest = KeyDigest(text)
        if digest == nil { report(node, "\(place).hash is something else; it must be \(allowed)") }
        return digest
    }

    private mutating func readClasses(_ node: Node, name place: String) -> Set<Priority> {
        let format = ValueFormat<Priority>.choice
        var classes: Set<Priority> = []
        for (index, node) in (list(node, name: place, of: "classes, each \(format.allowed)") ?? []).enumerated() {
            guard let priority = value(node, name: "\(place)[\(index)]", format) else { continue }
            if !classes.insert(priority).inserted {
                report(node, "\(place)[\(index)] is \"\(priority.rawValue)\" again; each class is named once")
            }
        }
        return classes
    }

    /// A value that may be left out.
    private mutating func given<Value>(
        _ key: String,
        _ format: ValueFormat<Value>,
        _ fields: [String: Node],
        name place: String
    ) -> Value? {
        guard let node = fields[key] else { return nil }
        return value(node, name: "\(place).\(key)", format)
    }

    /// A value that may not be left out.
    private mutating func needed<Value>(
        _ key: String,
        _ format: ValueFormat<Value>,
        of node: Node,
        _ fields: [String: Node],
        name place: String
    ) -> Value? {
        if fields[key] == nil { report(node, "\(place) has no \(key); it must be \(format.allowed)") }
        return given(key, format, fields, name: place)
    }
}
