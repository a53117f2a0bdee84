import Crypto

/// The SHA-256 of an API key: what of a key is kept. A key is 256 random bits, so nothing slower is needed to hide it.
package struct KeyDigest: Sendable, Hashable, CustomStringConvertible {
    /// How many there are.
    private static let byteCount = 32
    /// What its text begins with.
    private static let prefix = "sha256:"

    private let bytes: [UInt8]

    /// The digest of a key.
    package init(of key: String) {
        bytes = Array(SHA256.hash(data: Array(key.utf8)))
    }

    /// Reads what `description` writes; the digits may be large, too.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let digits = Array(text.utf8.dropFirst(Self.prefix.utf8.count))
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// Such as `sha256:9f86d0…`, with 64 digits.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return Self.prefix + String(decoding: text, as: UTF8.self)
    }

    /// Whether they are equal. Takes as long whatever the answer is and wherever they differ, so that nobody learns
    /// from the time how close a guess was.
    func matches(_ other: KeyDigest) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<Self.byteCount { difference |= bytes[index] ^ other.bytes[index] }
        return difference == 0
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
