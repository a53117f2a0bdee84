import FoundationEssentials
import NIOCore

/// JSON between byte buffers and Swift values, for input that may be hostile.
enum WyomingJSON {
    /// Objects and arrays inside each other, at the most. Deeper input is refused before anything recurses into it.
    static let maxNesting = 32

    private static let decoder = JSONDecoder()
    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON has no such numbers. As strings they cannot make encoding fail.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return encoder
    }()

    /// - Parameter what: what is being decoded, for the error.
    static func decode<Value: Decodable>(
        _: Value.Type,
        from buffer: ByteBuffer,
        what: @autoclosure () -> String
    ) throws(WyomingError) -> Value {
        let result: Result<Value, WyomingError> = buffer.withUnsafeReadableBytes { bytes in
            guard isNestedWithinLimit(bytes) else {
                return .failure(WyomingError("\(what()) is nested more than \(maxNesting) levels deep"))
            }
            guard let base = bytes.baseAddress, !bytes.isEmpty else {
                return .failure(WyomingError("\(what()) is empty"))
            }
            // The bytes outlive the data, which does not leave this closure.
            let data = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: base),
                count: bytes.count,
                deallocator: .none
            )
            do {
                return .success(try decoder.decode(Value.self, from: data))
            } catch {
                return .failure(WyomingError("\(what()) is not as it should be: \(reason(of: error))"))
            }
        }
        return try result.get()
    }

    /// Appends the value's JSON, its keys in alphabetical order.
    static func encode(_ value: some Encodable, into buffer: inout ByteBuffer) {
        do {
            buffer.writeBytes(try encoder.encode(value))
        } catch {
            preconditionFailure("an event's data is always JSON: \(error)")
        }
    }

    /// A string for an error: in quotes, and short however long it is.
    static func quoted(_ string: String) -> String {
        "\"" + (string.utf8.count <= 64 ? string : string.prefix(40) + "…") + "\""
    }

    private static func isNestedWithinLimit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth > maxNesting { return false }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return true
    }

    private static func reason(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(path(context.codingPath + [key])) is missing"
        case .valueNotFound(_, let context):
            return "\(path(context.codingPath)) is null"
        case .typeMismatch(let type, let context):
            return "\(path(context.codingPath)) is not a \(type)"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "it is not valid JSON" : "\(path(context.codingPath)) is out of range"
        @unknown default:
            return "\(error)"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "it" : keys.map(\.stringValue).joined(separator: ".")
    }
}
