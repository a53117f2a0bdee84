/// A header field's value with parameters behind it, such as `multipart/form-data; boundary="a b"` (RFC 9110, 5.6.6).
struct ParameterizedValue: Equatable {
    /// What comes first, in lower case.
    var value: String
    /// The parameters by name, in lower case.
    var parameters: [String: String] = [:]

    /// - Returns: `nil` when it is not of this form, not UTF-8, or has a parameter twice.
    init?(_ bytes: some Sequence<UInt8>) {
        var rest = Array(bytes)[...]
        let value = Self.take(from: &rest) { $0 != UInt8(ascii: ";") }
        guard let value = Self.text(value) else { return nil }
        self.value = value.lowercased()
        while rest.popFirst() != nil {
            Self.skipSpace(in: &rest)
            if rest.isEmpty { return }
            let name = Self.take(from: &rest) { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            guard let name = Self.text(name), !name.isEmpty, rest.popFirst() == UInt8(ascii: "="),
                let parameter = Self.parameter(from: &rest),
                parameters.updateValue(parameter, forKey: name.lowercased()) == nil
            else { return nil }
            Self.skipSpace(in: &rest)
            guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
        }
    }

    /// A parameter's value: in quotes, or a plain word.
    private static func parameter(from rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.first == UInt8(ascii: "\"") else {
            let word = take(from: &rest) { $0 != UInt8(ascii: ";") && !isSpace($0) }
            return word.isEmpty ? nil : text(word)
        }
        rest = rest.dropFirst()
        var quoted: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: quoted, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                quoted.append(escaped)
            default: quoted.append(byte)
            }
        }
        return nil
    }

    private static func take(
        from rest: inout ArraySlice<UInt8>,
        while isMeant: (UInt8) -> Bool
    ) -> ArraySlice<UInt8> {
        let taken = rest.prefix(while: isMeant)
        rest = rest[taken.endIndex...]
        return taken
    }

    private static func skipSpace(in rest: inout ArraySlice<UInt8>) {
        rest = rest.drop(while: isSpace)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return String(validating: trimmed, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
