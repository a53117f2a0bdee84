import AudioEncoding
import SpeechCore
import Testing

@Suite("The six formats")
struct FormatTests {
    private static let tone = Signal.sine(440, seconds: 3.3)
    /// Formats that give back what went in.
    private static let lossless: Set<AudioFormat> = [.pcm, .wav, .flac]

    // Of an mp3 with lengths that comes through a pipe ffmpeg warns always. It has a test of its own.
    @Test(
        "a whole file decodes without a complaint and sounds like what went in",
        arguments: AudioFormat.allCases.filter { $0 != .mp3 }
    )
    func whole(format: AudioFormat) throws {
        try expect(file(Signal.pieces(Self.tone), format: format), is: format)
    }

    // wav has a test of its own.
    @Test(
        "a stream decodes without a complaint and sounds like what went in",
        arguments: AudioFormat.allCases.filter { $0 != .wav }
    )
    func streamed(format: AudioFormat) throws {
        try expect(stream(Signal.pieces(Self.tone), format: format), is: format)
    }

    private func expect(_ bytes: [UInt8], is format: AudioFormat) throws {
        let decoded = try FFmpeg.decode(bytes, format)
        #expect(decoded.complaints == "")
        #expect(!decoded.failed)
        if Self.lossless.contains(format) {
            #expect(decoded.samples == Self.tone.samples)
        } else {
            // Encoders add up to two frames of silence, which are 0.1 s at the most.
            let seconds = Double(decoded.samples.count) / 24_000
            #expect(seconds > 3.3 * 0.99 && seconds < 3.3 * 1.01 + 0.1)
            #expect(abs(Signal.frequency(of: decoded.samples) - 440) < 1)
            #expect(abs(Signal.level(of: decoded.samples) / Signal.level(of: Self.tone.samples) - 1) < 0.05)
        }
        let probed: [AudioFormat: String] = [
            .mp3: "mp3,24000,1", .aac: "aac,24000,1", .flac: "flac,24000,1", .wav: "pcm_s16le,24000,1",
            .pcm: "pcm_s16le,24000,1",
            // Opus is always said to be 48 kHz.
            .opus: "opus,48000,1",
        ]
        #expect(try FFmpeg.probe(bytes, format) == probed[format])
    }

    @Test("how the audio is cut does not change the file", arguments: AudioFormat.allCases)
    func cuts(format: AudioFormat) throws {
        #expect(try stream(Signal.pieces(Self.tone), format: format) == stream([Self.tone], format: format))
    }

    @Test("a stream and a file differ only in what tells lengths", arguments: AudioFormat.allCases)
    func streamAndWhole(format: AudioFormat) throws {
        let (streamed, whole) = try (stream([Self.tone], format: format), file([Self.tone], format: format))
        // The first 42 bytes of FLAC are its mark and its stream information; mp3 has a frame of its own for lengths.
        let headerLength = [AudioFormat.wav: 44, .flac: 42][format, default: 0]
        let extraLength = format == .mp3 ? whole.count - streamed.count : 0
        #expect(streamed.dropFirst(headerLength) == whole.dropFirst(headerLength + extraLength))
        #expect((streamed == whole) == (headerLength + extraLength == 0))
    }

    @Test("bytes appear as the audio is made", arguments: AudioFormat.allCases)
    func early(format: AudioFormat) throws {
        let encoder = try AudioEncoder(format: format)
        var bytes: [UInt8] = []
        var silentPieces = 0
        for piece in Signal.pieces(Signal.sine(440, seconds: 2), sizes: [2400]) {
            let ready = try encoder.encode(piece)
            bytes += ready
            silentPieces = ready.isEmpty ? silentPieces + 1 : 0
            #expect(silentPieces < 2, "nothing for 200 ms")
        }
        let decoded = try FFmpeg.decode(bytes, format, isStrict: false)
        #expect(decoded.samples.count > 24_000 * 175 / 100, "more than a quarter of a second is held back")
    }

    @Test("FLAC takes no room for tags that nobody adds")
    func smallHeader() throws {
        #expect(try file([Signal.sine(440, seconds: 0.1)], format: .flac).count < 3000)
    }

    @Test("no audio makes a file without audio", arguments: AudioFormat.allCases)
    func empty(format: AudioFormat) throws {
        let nothing = PCM(samples: [], sampleRate: 22_050)
        for bytes in [
            try stream([], format: format),
            try stream([nothing], format: format),
            try file([nothing], format: format, speed: 2),
        ] {
            switch format {
            case .pcm, .aac:
                #expect(bytes == [])
            case .mp3:
                // A file has the frame that says so.
                #expect(bytes.count < 500)
            case .opus:
                #expect(bytes.starts(with: "OggS".utf8))
            case .wav, .flac:
                let decoded = try FFmpeg.decode(bytes, format, isStrict: false)
                #expect(decoded.samples == [])
                #expect(decoded.complaints == "")
                #expect(!decoded.failed)
            }
        }
    }

    @Test("an encoder may be dropped at any moment", arguments: AudioFormat.allCases)
    func dropped(format: AudioFormat) throws {
        for pieces in 0..<4 {
            let encoder = try AudioEncoder(format: format, speed: 1.5, output: pieces % 2 == 0 ? .stream : .file)
            for _ in 0..<pieces { _ = try encoder.encode(Signal.sine(440, seconds: 0.1, sampleRate: 22_050)) }
        }
    }

    @Test("only the formats without compression are cheap")
    func cheap() {
        #expect(AudioFormat.allCases.filter(\.isCheapToEncode) == [.wav, .pcm])
    }
}
