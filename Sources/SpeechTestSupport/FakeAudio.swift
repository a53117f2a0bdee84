/// The audio of the test worker: a pure function of voice and text, so that a test can tell whose audio it holds.
package enum FakeAudio {
    /// Samples for each Unicode scalar of the text: 10 ms at 24 kHz.
    package static let samplesPerScalar = 240

    /// The samples that the test worker speaks; always the same for the same voice and text.
    ///
    /// They come from a linear congruential generator (state ← state × 6364136223846793005 + 1442695040888963407; the
    /// sample is its top 16 bits) that starts from the FNV-1a hash of the UTF-8 bytes of voice, newline and text.
    /// - Parameter count: how many; `nil` for as many as the text is worth.
    package static func samples(voice: String, text: String, count: Int? = nil) -> [Int16] {
        var state = hash("\(voice)\n\(text)".utf8)
        return (0..<(count ?? text.unicodeScalars.count * samplesPerScalar)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int16(truncatingIfNeeded: state >> 48)
        }
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
