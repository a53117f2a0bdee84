import Hashing
import PoolCore
import SpeechCore

extension TextDigest {
    /// What tells a segment's engine, text and voice from others: half of their SHA-256.
    init(of segment: Segment) {
        self.init(of: [segment.engine, segment.voice ?? "", segment.text])
    }

    /// What tells a recipe for an engine from others.
    init(of recipe: VoiceRecipe, engine: Int) {
        switch recipe {
        case .seed(let seed): self.init(of: ["seed", "\(engine)", "\(seed)"])
        case .code(let code): self.init(of: ["code", "\(engine)", code])
        case .recording(let audio, let text): self.init(of: ["recording", "\(engine)", text], audio.samples)
        }
    }

    private init(of parts: [String], _ samples: [Int16] = []) {
        let hash = SHA256()
        for part in parts { hash.update(word: part) }
        samples.withUnsafeBytes { hash.update($0) }
        let bytes = hash.finalize()
        self.init(high: Self.number(bytes[0..<8]), low: Self.number(bytes[8..<16]))
    }

    /// From its digits, as `hex` writes them; `nil` if they are none.
    init?(hex: String) {
        guard let bytes = Hexadecimal.bytes(hex), bytes.count == 16 else { return nil }
        self.init(high: Self.number(bytes[0..<8]), low: Self.number(bytes[8..<16]))
    }

    /// In 32 hexadecimal digits.
    var hex: String {
        Hexadecimal.text(
            [high, low].flatMap { part in (0..<8).map { UInt8(truncatingIfNeeded: part >> (56 - 8 * $0)) } }
        )
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
