/// A tree of values in their order, to be written as YAML or JSON.
indirect enum ConfigurationDocument: Sendable, Equatable {
    /// A value in the configuration's own notation: a number, a word, a duration.
    case value(String)
    /// A user's text. It stays text, even if it looks like a number.
    case text(String)
    /// Values in their order.
    case list([ConfigurationDocument])
    /// Keys with their values, in their order.
    case mapping([Entry])

    /// A key with its value.
    struct Entry: Sendable, Equatable {
        var key: String
        var value: ConfigurationDocument
        /// Where the value came from: a comment, in YAML.
        var comment: String?

        init(_ key: String, _ value: ConfigurationDocument, comment: String? = nil) {
            self.key = key
            self.value = value
            self.comment = comment
        }
    }
}

// MARK: YAML

extension ConfigurationDocument {
    /// The tree as YAML: a line for each value, short lists on one line.
    var yaml: String { yamlLines.joined(separator: "\n") + "\n" }

    private var yamlLines: [String] {
        switch self {
        case .value, .text:
            return [yamlScalar]
        case .list(let items):
            return items.flatMap { item in
                item.yamlLines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
            }
        case .mapping(let entries):
            return entries.flatMap { entry -> [String] in
                let key = ConfigurationDocument.text(entry.key).yamlScalar + ":"
                if let line = entry.value.yamlInline {
                    return ["\(key) \(line)\(entry.comment.map { "  # \($0)" } ?? "")"]
                }
                return [key] + entry.value.yamlLines.map { "  " + $0 }
            }
        }
    }

    /// The value on one line, if it belongs there.
    private var yamlInline: String? {
        switch self {
        case .value, .text:
            return yamlScalar
        case .list(let items):
            let words = items.compactMap(\.yamlInline)
            let isShort = !items.contains { if case .mapping = $0 { true } else { false } }
            return isShort ? "[\(words.joined(separator: ", "))]" : nil
        case .mapping(let entries):
            return entries.isEmpty ? "{}" : nil
        }
    }

    /// A scalar, in quotes where other readers of YAML would see something else in it.
    private var yamlScalar: String {
        switch self {
        case .value(let text) where Self.isPlain(text): text
        case .text(let text) where Self.isPlain(text) && !Self.looksTyped(text): text
        case .value(let text), .text(let text): Self.quoted(text)
        case .list, .mapping: preconditionFailure("a list or a mapping is not a scalar")
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        func isWord(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        let letters = text.drop { $0 == "-" || $0 == "/" }
        return letters.first.map(isWord) == true && text.last != ":" && !text.hasPrefix("---")
            && text.allSatisfy { isWord($0) || "_./+:-".contains($0) }
    }

    private static func looksTyped(_ text: String) -> Bool {
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
            || Double(text) != nil || text.allSatisfy { $0.isNumber || ":_-.".contains($0) }
    }
}

// MARK: JSON

extension ConfigurationDocument {
    /// The tree as JSON, keys in their order.
    var json: String { json(indent: "") + "\n" }

    private func json(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .value(let text):
            return Int(text) == nil ? Self.quoted(text) : text
        case .text(let text):
            return Self.quoted(text)
        case .list(let items):
            return "[\(items.map { $0.json(indent: indent) }.joined(separator: ", "))]"
        case .mapping(let entries):
            let lines = entries.map { "\(inner)\(Self.quoted($0.key)): \($0.value.json(indent: inner))" }
            return lines.isEmpty ? "{}" : "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        }
    }

    /// A string in quotes, escaped as both JSON and YAML understand it.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            case _
            where scalar.value < 0x20
                || [0x7F...0x9F, 0x2028...0x2029, 0xFEFF...0xFEFF].contains { $0 ~= scalar.value }:
                "\\u" + String(String(scalar.value + 0x10000, radix: 16).dropFirst())
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
