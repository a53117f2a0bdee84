import SpeechCore

/// The `Chorus-Notes` field: what the caller should know of an answer that is fine otherwise. A list of strings as
/// RFC 9651 writes them (3.1, 3.3.3): notes in ASCII are strings, others display strings, which encode UTF-8 by
/// percents.
enum NotesField {
    /// Bytes of the value at the most. Proxies take no headers of any size: nginx has 4 KiB for all of it.
    static let maxBytes = 1_024

    private static let ellipsis = "..."
    /// Kept free for a last note, which shows that others did not fit: `, %"..."`.
    private static let reservedBytes = 8

    /// The value for some notes. It is cut at the limit, and `...` shows where.
    /// - Returns: `nil` if there are none.
    static func value(_ notes: [String]) -> String? {
        guard !notes.isEmpty else { return nil }
        var value = ""
        for note in notes {
            let isPlain = note.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            if !value.isEmpty { value += ", " }
            value += isPlain ? "\"" : "%\""
            for scalar in note.unicodeScalars {
                let shown = isPlain ? escaped(scalar) : encoded(scalar)
                guard value.utf8.count + shown.utf8.count + 1 <= maxBytes - reservedBytes else {
                    return value + ellipsis + "\""
                }
                value += shown
            }
            value += "\""
        }
        return value
    }

    /// A character of a string.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : String(scalar)
    }

    /// A character of a display string.
    private static func encoded(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case " "..."~" where scalar != "\"" && scalar != "%": String(scalar)
        default:
            String(scalar).utf8.map { "%" + Hexadecimal.text([$0]) }.joined()
        }
    }
}
