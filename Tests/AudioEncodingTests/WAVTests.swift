import AudioEncoding
import SpeechCore
import Testing

@Suite("The wav header")
struct WAVTests {
    private static let tone = Signal.sine(440, seconds: 0.5)

    @Test("a whole file tells its true sizes")
    func whole() throws {
        let bytes = try file(Signal.pieces(Self.tone), format: .wav)
        #expect(bytes.count == 44 + 24_000)
        #expect(header(bytes, dataSize: 24_000, riffSize: 24_036))
    }

    @Test("a stream says that it lasts until its end, and is all samples and nothing more")
    func streamed() throws {
        let bytes = try stream(Signal.pieces(Self.tone), format: .wav)
        #expect(header(bytes, dataSize: .max - 36, riffSize: .max))
        #expect(Signal.samples(bytes.dropFirst(44)) == Self.tone.samples)
        // ffmpeg warns of every wav stream that ends within one of its packets of 4 KiB, and plays it.
        let decoded = try FFmpeg.decode(bytes, .wav, isStrict: false)
        #expect(decoded.complaints == "")
        #expect(decoded.samples == Self.tone.samples)
    }

    @Test("the header comes with the first piece, and once")
    func first() throws {
        let encoder = try AudioEncoder(format: .wav)
        let piece = PCM(samples: [1, -2, 256], sampleRate: 24_000)
        #expect(try encoder.encode(piece).dropFirst(44) == [1, 0, 254, 255, 0, 1])
        #expect(try encoder.encode(piece) == [1, 0, 254, 255, 0, 1])
        #expect(try encoder.finish() == [])
        #expect(encoder.beginning == [])
    }

    @Test("a file without audio is a header that says so")
    func empty() throws {
        #expect(header(try AudioEncoder(format: .wav).finish(), dataSize: 0, riffSize: 36))
    }

    /// Whether the bytes begin with the header of 24 kHz, mono, 16 bit.
    private func header(_ bytes: [UInt8], dataSize: UInt32, riffSize: UInt32) -> Bool {
        func number(_ offset: Int, _ size: Int) -> UInt32 {
            bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        func text(_ offset: Int) -> String { String(decoding: bytes[offset..<offset + 4], as: UTF8.self) }
        return bytes.count >= 44 && [text(0), text(8), text(12), text(36)] == ["RIFF", "WAVE", "fmt ", "data"]
            && number(4, 4) == riffSize && number(16, 4) == 16 && number(20, 2) == 1 && number(22, 2) == 1
            && number(24, 4) == 24_000 && number(28, 4) == 48_000 && number(32, 2) == 2 && number(34, 2) == 16
            && number(40, 4) == dataSize
    }
}
