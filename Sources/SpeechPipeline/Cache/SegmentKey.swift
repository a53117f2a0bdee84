import Hashing
import SpeechCore

/// What the audio of a segment depends on, as a digest: segments with the same key sound the same.
///
/// Who asks, and how urgently, is no part of it.
struct SegmentKey: Sendable, Hashable {
    /// Changes when what keys are made from does. Whatever was kept is forgotten then.
    private static let version: UInt8 = 1
    /// Size of the digest.
    static let byteCount = SHA256.byteCount

    /// The digest.
    let bytes: [UInt8]

    /// - Parameter fingerprint: the engine's, as in `EngineStatus`.
    init(_ segment: Segment, fingerprint: String) {
        bytes = SHA256.hash(Self.encoding(of: segment, fingerprint: fingerprint))
    }

    /// A key from its digits, as `hex` writes them; `nil` if they are none.
    init?(hex: some StringProtocol) {
        // Large digits would be another file's name.
        guard let bytes = Hexadecimal.bytes(hex), bytes.count == Self.byteCount, Hexadecimal.text(bytes) == hex else {
            return nil
        }
        self.bytes = bytes
    }

    /// The digest in lower-case hexadecimal digits.
    var hex: String { Hexadecimal.text(bytes) }

    /// What the digest is made of. No two different segments have the same: every part says how long it is.
    static func encoding(of segment: Segment, fingerprint: String) -> [UInt8] {
        var encoding = Encoding()
        encoding.bytes.append(version)
        encoding.add(fingerprint)
        encoding.add(segment.text)
        encoding.add(segment.voice.map { .string($0) } ?? .null)
        encoding.add(.object(segment.context))
        return encoding.bytes
    }

    /// Values one after the other, each with its kind and length before it.
    private struct Encoding {
        var bytes: [UInt8] = []

        mutating func add(_ text: String) {
            add(UInt64(text.utf8.count))
            bytes += text.utf8
        }

        mutating func add(_ value: JSONValue) {
            switch value {
            case .null: bytes.append(0)
            case .bool(let value): bytes.append(value ? 2 : 1)
            case .integer(let value):
                bytes.append(3)
                add(UInt64(bitPattern: Int64(value)))
            case .number(let value):
                // JSON does not tell 1 from 1.0.
                if let integer = Int(exactly: value) { return add(.integer(integer)) }
                bytes.append(4)
                add(value.bitPattern)
            case .string(let text):
                bytes.append(5)
                add(text)
            case .array(let values):
                bytes.append(6)
                add(UInt64(values.count))
                for value in values { add(value) }
            case .object(let members):
                bytes.append(7)
                add(UInt64(members.count))
                for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                    add(name)
                    add(value)
                }
            }
        }

        private mutating func add(_ number: UInt64) {
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }
    }
}
