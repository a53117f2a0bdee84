import FoundationEssentials

/// JSON as all our answers have it: keys in order, so that equal answers are equal bytes.
enum JSONBody {
    /// - Returns: UTF-8.
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
