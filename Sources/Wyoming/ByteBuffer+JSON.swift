import NIOCore
import SpeechCore

/// JSON written by hand: a job's frame has little of it, and an encoder takes longer for that than all else that is
/// done for the job.
extension ByteBuffer {
    /// Appends a value, keys in alphabetical order. Numbers that JSON does not have become strings.
    mutating func writeJSON(_ value: JSONValue) {
        switch value {
        case .null: writeStaticString("null")
        case .bool(let value): writeString(value ? "true" : "false")
        case .integer(let value): writeString(String(value))
        case .number(let value) where value.isFinite: writeString(value.description)
        case .number(let value): writeJSON(string: value.description)
        case .string(let value): writeJSON(string: value)
        case .array(let values):
            writeStaticString("[")
            for (index, value) in values.enumerated() {
                if index > 0 { writeStaticString(",") }
                writeJSON(value)
            }
            writeStaticString("]")
        case .object(let members): writeJSON(object: members)
        }
    }

    /// Appends an object, keys in alphabetical order.
    mutating func writeJSON(object members: [String: JSONValue]) {
        writeStaticString("{")
        for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { writeStaticString(",") }
            writeJSON(string: member.key)
            writeStaticString(":")
            writeJSON(member.value)
        }
        writeStaticString("}")
    }

    /// Appends a string, in quotes.
    mutating func writeJSON(string: String) {
        writeStaticString("\"")
        if string.utf8.allSatisfy(Self.isPlain) {
            writeString(string)
        } else {
            for byte in string.utf8 { writeEscaped(byte) }
        }
        writeStaticString("\"")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString(#"\""#)
        case UInt8(ascii: "\\"): writeStaticString(#"\\"#)
        case UInt8(ascii: "\n"): writeStaticString(#"\n"#)
        case UInt8(ascii: "\r"): writeStaticString(#"\r"#)
        case UInt8(ascii: "\t"): writeStaticString(#"\t"#)
        case ..<0x20: writeString(#"\u00"# + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
        default: writeInteger(byte)
        }
    }
}
