package import SpeechCore

/// A voice that callers had made, and that every instance of its engine can speak with.
package struct MadeVoice: Sendable, Hashable {
    /// What callers call it; see `isName`.
    package var name: String
    /// A line for people.
    package var description: String?
    /// Seconds since 1970.
    package var createdAt: Int
    /// What the engine knows the voice by: `context["speaker"]` of every segment that is spoken with it.
    package var speaker: [String: JSONValue]

    package init(name: String, description: String? = nil, createdAt: Int, speaker: [String: JSONValue]) {
        self.name = name
        self.description = description
        self.createdAt = createdAt
        self.speaker = speaker
    }

    /// Characters of a name at the most.
    package static let maxNameLength = 64

    /// Whether a voice may be called this: ASCII letters, digits, dots, dashes and underscores, a letter or digit
    /// first. So a name can be a file's and part of a URL, and never looks like a variant.
    package static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= maxNameLength else { return false }
        return isLetterOrDigit(first) && name.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
