import Hashing
import SpeechCore

/// The SHA-256 of an API key: what of a key is kept. A key is 256 random bits, so nothing slower is needed to hide it.
package struct KeyDigest: Sendable, Hashable, CustomStringConvertible {
    /// What its text begins with.
    private static let prefix = "sha256:"

    private let bytes: [UInt8]

    /// The digest of a key.
    package init(of key: String) {
        bytes = SHA256.hash(key.utf8)
    }

    /// Reads what `description` writes; the digits may be large, too.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Hexadecimal.bytes(text.dropFirst(Self.prefix.count)),
            bytes.count == SHA256.byteCount
        else { return nil }
        self.bytes = bytes
    }

    /// Such as `sha256:9f86d0…`, with 64 digits.
    package var description: String { Self.prefix + Hexadecimal.text(bytes) }

    /// Whether they are equal, in constant time.
    func matches(_ other: KeyDigest) -> Bool { SHA256.areEqual(bytes, other.bytes) }
}
