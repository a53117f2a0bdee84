/// The `Warning` header (RFC 7234, 5.5): the notes once more, for clients of version 0.1. RFC 9111 has made the header
/// obsolete; it goes with version 0.3.
enum WarningField {
    /// Bytes of the value at the most.
    static let maxBytes = 512

    /// The value for some notes, in ASCII: whatever else is in them is shown as `\u{4F60}`.
    /// - Returns: `nil` if there are none.
    static func value(_ notes: [String]) -> String? {
        guard !notes.isEmpty else { return nil }
        var value = #"199 chorus ""#
        let (cut, end) = ("...", "\"")
        for scalar in notes.joined(separator: "; ").unicodeScalars {
            let shown = text(of: scalar)
            guard value.utf8.count + shown.utf8.count + cut.utf8.count + end.utf8.count <= maxBytes else {
                value += cut
                break
            }
            value += shown
        }
        return value + end
    }

    /// A character as it goes between the quotes of a header, where a backslash escapes what follows it.
    private static func text(of scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": #"\\#(scalar)"#
        case " "..."~": String(scalar)
        case _ where scalar.properties.generalCategory == .control: " "
        default: #"\\u{\#(String(scalar.value, radix: 16, uppercase: true))}"#
        }
    }
}
