import Logging

/// Lines for programs: `{"time":…,"level":…,"label":…,"message":…,…metadata, sorted by key…}`.
///
/// Numbers and booleans in the metadata keep their types. A key that one of the first four has is shown behind
/// `metadata.`.
struct JSONLogFormatter: LogFormatter {
    private static let ownKeys: Set<String> = ["time", "level", "label", "message"]

    func line(for record: LogRecord) -> String {
        var line = "{\"time\":\"\(record.time)\",\"level\":\"\(record.level.rawValue)\""
        line += ",\"label\":\(quoted(record.label)),\"message\":\(quoted(record.message))"
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            line += ","
            line += quoted(Self.ownKeys.contains(key) ? "metadata." + key : key)
            line += ":"
            line += json(value)
        }
        return line + "}\n"
    }

    /// A value as JSON.
    func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text):
            return quoted(text)
        case .stringConvertible(let thing):
            return json(thing)
        case .array(let values):
            return "[" + values.map(json).joined(separator: ",") + "]"
        case .dictionary(let values):
            let members = values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    private func json(_ thing: any CustomStringConvertible) -> String {
        switch thing {
        case let flag as Bool: flag ? "true" : "false"
        case let number as any BinaryInteger: number.description
        case let number as Double where number.isFinite: number.description
        case let number as Float where number.isFinite: number.description
        default: quoted(thing.description)
        }
    }

    private func quoted(_ text: String) -> String {
        let isPlain =
            text.isPrintableASCII && !text.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        if isPlain { return "\"\(text)\"" }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.isUnsafeInLogs:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
