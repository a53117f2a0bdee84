import SpeechAPI
import SpeechCore

/// How a value is written in the configuration: what is allowed, how it is read and how it is shown.
struct ValueFormat<Value: Sendable>: Sendable {
    /// What is allowed, to follow "it must be".
    var allowed: String
    /// Reads a value; `nil` if the text is not allowed.
    var read: @Sendable (String) -> Value?
    /// Writes a value so that `read` understands it.
    var write: @Sendable (Value) -> String
}

extension ValueFormat where Value == Int {
    /// A whole number.
    static func integer(_ range: ClosedRange<Int>) -> ValueFormat {
        ValueFormat(
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } },
            write: { String($0) }
        )
    }

    /// A number of bytes.
    /// - Parameter example: a size in the range.
    static func size(_ range: ClosedRange<Int>, example: String) -> ValueFormat {
        ValueFormat(
            allowed: """
                a size from \(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound)), \
                such as \(example)
                """,
            read: { text in ByteSize.bytes(text).flatMap { range.contains($0) ? $0 : nil } },
            write: ByteSize.text
        )
    }
}

extension ValueFormat where Value == Double {
    /// A number.
    static func number(_ range: ClosedRange<Double>) -> ValueFormat {
        let text: @Sendable (Double) -> String = { value in
            Int(exactly: value).map { String($0) } ?? String(value)
        }
        return ValueFormat(
            allowed: "a number from \(text(range.lowerBound)) to \(text(range.upperBound))",
            read: { Double($0).flatMap { range.contains($0) ? $0 : nil } },
            write: text
        )
    }
}

extension ValueFormat where Value == Duration {
    /// A length of time.
    static func duration(_ range: ClosedRange<Duration>) -> ValueFormat {
        ValueFormat(
            allowed: """
                a duration from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound)), \
                such as 500ms, 60s or 5m
                """,
            read: { text in DurationText.duration(text).flatMap { range.contains($0) ? $0 : nil } },
            write: DurationText.text
        )
    }
}

extension ValueFormat where Value == ListenAddress {
    /// An address to listen on.
    static var address: ValueFormat {
        ValueFormat(
            allowed: "HOST:PORT, such as 127.0.0.1:8080, \"[::1]:8080\" or :8080",
            read: { ListenAddress($0) },
            write: { $0.description }
        )
    }
}

extension ValueFormat where Value == Bool {
    /// Yes or no.
    static var flag: ValueFormat {
        ValueFormat(
            allowed: "true or false",
            read: { text in ["true": true, "false": false][text] },
            write: { String($0) }
        )
    }
}

extension ValueFormat {
    /// What another format allows, or `auto`, which leaves the value open: it is `nil`.
    static func orAuto<Given: Sendable>(_ format: ValueFormat<Given>) -> ValueFormat where Value == Given? {
        ValueFormat(
            allowed: "auto or \(format.allowed)",
            read: { $0 == "auto" ? .some(nil) : format.read($0).map { .some($0) } },
            write: { $0.map(format.write) ?? "auto" }
        )
    }
}

extension ValueFormat {
    /// What another format allows, or `none`, which is `nil`.
    static func orNone<Given: Sendable>(_ format: ValueFormat<Given>) -> ValueFormat where Value == Given? {
        ValueFormat(
            allowed: "none or \(format.allowed)",
            read: { $0 == "none" ? .some(nil) : format.read($0).map { .some($0) } },
            write: { $0.map(format.write) ?? "none" }
        )
    }
}

extension ValueFormat where Value: CaseIterable & RawRepresentable<String> {
    /// One of a few words.
    static var choice: ValueFormat {
        let words = Value.allCases.map(\.rawValue)
        return ValueFormat(
            allowed: words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))",
            read: { Value(rawValue: $0) },
            write: { $0.rawValue }
        )
    }
}

extension ValueFormat where Value == String {
    /// The name of an engine. Short, because the id of each of its instances begins with it.
    static var engineName: ValueFormat {
        let limit = 32
        return .text(
            "at most \(limit) lower-case letters, digits, dots, dashes and underscores, a letter or digit first"
        ) {
            $0.count <= limit && $0.isName(extra: "._-") && $0 == $0.lowercased()
        }
    }

    /// A name that callers may use for a model or a voice.
    static var alias: ValueFormat {
        let limit = 64
        return .text("at most \(limit) letters, digits, dots, dashes and underscores, a letter or digit first") {
            $0.count <= limit && $0.isName(extra: "._-")
        }
    }

    /// The name of who has an API key.
    static var tenantName: ValueFormat {
        let name = alias
        let reserved = Utterance.anonymousTenant
        return .text("\(name.allowed), and not \(reserved)") { name.read($0) != nil && $0 != reserved }
    }

    /// The origin of a web page.
    static var origin: ValueFormat {
        let form = "scheme://host or scheme://host:port in small letters, without a path"
        return .text("an origin as browsers write it, \(form), such as https://app.example.org") {
            OriginPolicy.isOrigin($0)
        }
    }

    /// The name of a device.
    static var device: ValueFormat {
        .text("a device such as cpu or cuda:0") { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count <= 2 && parts[0].first?.isLetter == true && parts[0] == parts[0].lowercased()
                && parts.allSatisfy { String($0).isName(extra: "") }
                && (parts.count == 1 || Int(parts[1]) != nil)
        }
    }

    /// The name of an environment variable.
    static var variable: ValueFormat {
        .text("letters, digits and underscores, no digit first") {
            $0.first?.isNumber == false && "x\($0)".isName(extra: "_")
        }
    }

    /// A line of text with something in it.
    static var line: ValueFormat {
        .text("a line of text") { text in !text.isEmpty && !text.unicodeScalars.contains { $0.value < 0x20 } }
    }

    /// The path of a directory.
    static var directory: ValueFormat {
        .text("auto or an absolute path, such as /var/lib/chorus") { text in
            text == StateDirectory.auto || (text.hasPrefix("/") && !text.unicodeScalars.contains { $0.value < 0x20 })
        }
    }

    /// The path of a file.
    static var file: ValueFormat {
        .text("an absolute path, such as /etc/chorus/server.pem") { text in
            text.hasPrefix("/") && !text.unicodeScalars.contains { $0.value < 0x20 }
        }
    }

    /// Any text, also none.
    static var any: ValueFormat { .text("text") { _ in true } }

    private static func text(_ allowed: String, where isAllowed: @escaping @Sendable (String) -> Bool) -> ValueFormat {
        ValueFormat(allowed: allowed, read: { isAllowed($0) ? $0 : nil }, write: { $0 })
    }
}

extension String {
    /// Whether it is made of ASCII letters, digits and the extra characters, a letter or digit first.
    fileprivate func isName(extra: String) -> Bool {
        func isPlain(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        return first.map(isPlain) == true && allSatisfy { isPlain($0) || extra.contains($0) }
    }
}
