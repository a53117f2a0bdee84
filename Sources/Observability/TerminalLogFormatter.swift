import Logging

/// Lines for people: `2026-01-31T23:59:59.123Z INFO  A message. key=value other="two words"`.
struct TerminalLogFormatter: LogFormatter {
    let colours: Bool

    func line(for record: LogRecord) -> String {
        var line = coloured(record.time.description, "2")
        line += " "
        line += coloured(name(of: record.level), colour(of: record.level))
        line += " "
        line += escaped(record.message)
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            line += " "
            line += coloured(quotedIfNeeded(key) + "=", "2")
            line += quotedIfNeeded(text(of: value))
        }
        return line + "\n"
    }

    /// The level, five columns wide.
    private func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "CRIT "
        }
    }

    private func colour(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "2"
        case .info: "32"
        case .notice: "36"
        case .warning: "33"
        case .error: "31"
        case .critical: "1;31"
        }
    }

    private func coloured(_ text: String, _ code: String) -> String {
        colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// A value's text; what nests is shown as JSON, sorted, so that equal values look equal.
    private func text(of value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let thing): thing.description
        case .array, .dictionary: JSONLogFormatter().json(value)
        }
    }

    /// Characters that a value without quotes may not contain.
    private static let special = Array(" \"=\\".utf8)

    private func quotedIfNeeded(_ text: String) -> String {
        let plain = !text.isEmpty && !text.utf8.contains { Self.special.contains($0) }
        if plain { return escaped(text) }
        return "\"" + escaped(text.replacing(#"\"#, with: #"\\"#).replacing("\"", with: "\\\"")) + "\""
    }

    /// The text with unsafe characters shown as Swift would write them.
    private func escaped(_ text: String) -> String {
        if text.isPrintableASCII { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.isUnsafeInLogs {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
