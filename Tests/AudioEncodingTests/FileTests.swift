import AudioEncoding
import SpeechCore
import Testing

@Suite("Files whose end is known")
struct FileTests {
    /// Loud, silent and noisy parts, of a length that is no multiple of anybody's frames.
    private static let sound: PCM = {
        var state: UInt32 = 1
        let noise = (0..<30_011).map { _ -> Int16 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: state >> 16) / 4
        }
        let silence = [Int16](repeating: 0, count: 40_000)
        let tone = Signal.sine(440, seconds: 2).samples
        return PCM(samples: silence + tone + noise + silence + tone + noise + tone, sampleRate: 24_000)
    }()

    private static var seconds: Double { Double(sound.samples.count) / 24_000 }

    private static func bytes(_ name: String) throws -> [UInt8] {
        let format = try #require(AudioFormat(rawValue: name == "m4a" ? "aac" : name))
        return try file(Signal.pieces(sound), format: format, output: name == "m4a" ? .m4a : .file)
    }

    @Test("say their length, and play as long as they say", arguments: ["wav", "flac", "mp3", "opus", "m4a"])
    func lengths(name: String) throws {
        let facts = try FFmpeg.facts(try Self.bytes(name), name: "a.\(name)")
        #expect(facts.complaints == "")
        // mp3 counts whole frames, and ffmpeg's start of Opus is 6.5 ms late.
        #expect(abs(facts.duration - Self.seconds) < (["mp3": 0.1, "opus": 0.007][name] ?? 0.000_1))
        // ffmpeg plays the last packet of m4a to its end, beyond what the file says.
        let excess = facts.samples.count - Self.sound.samples.count
        #expect(name == "m4a" ? (0..<1_024).contains(excess) : excess == 0)
    }

    @Test("give back every sample where the format does", arguments: ["wav", "flac"])
    func lossless(name: String) throws {
        #expect(try FFmpeg.facts(try Self.bytes(name), name: "a.\(name)").samples == Self.sound.samples)
    }

    @Test("an mp3 begins where the sound begins, and not with the silence of its encoder")
    func gapless() throws {
        let tone = Signal.sine(440, seconds: 1)
        let samples = try FFmpeg.facts(try file([tone], format: .mp3), name: "a.mp3").samples
        #expect(samples.count == tone.samples.count)
        let middle = 4_000..<20_000
        // One sample later or earlier it would differ by 1,150 in places.
        #expect(zip(samples[middle], tone.samples[middle]).allSatisfy { abs(Int($0) - Int($1)) < 800 })
    }

    @Test("aac is as long as players guess from its size", arguments: [AudioEncoder.Output.stream, .file])
    func constantBitRate(output: AudioEncoder.Output) throws {
        let bytes = try file(Signal.pieces(Self.sound), format: .aac, output: output)
        // The guess is from the first frames: silence here, and loud sound without it.
        for sound in [Self.sound, PCM(samples: Array(Self.sound.samples.dropFirst(40_000)), sampleRate: 24_000)] {
            let bytes = try file([sound], format: .aac, output: output)
            let facts = try FFmpeg.facts(bytes, name: "a.aac")
            // Its encoder adds less than two frames.
            let excess = facts.duration - Double(sound.samples.count) / 24_000
            #expect(excess > 0 && excess < 0.09)
        }
        #expect(bytes.count / Int(Self.seconds * 10_000) == 1, "80 kbit/s")
    }

    @Test("what fills up frames of aac does not sound")
    func filling() throws {
        let filled = try FFmpeg.decode(file([Self.sound], format: .aac), .aac)
        #expect(filled.complaints == "")
        let plain = try FFmpeg.facts(file([Self.sound], format: .aac, output: .m4a), name: "a.m4a").samples
        // The container says that the first frame is the encoder's, and players leave it out.
        let samples = filled.samples.dropFirst(1_024).prefix(plain.count)
        #expect(plain.count > Self.sound.samples.count - 1 && samples.elementsEqual(plain.prefix(samples.count)))
    }

    @Test("how the audio is cut does not change them", arguments: ["wav", "flac", "mp3", "opus", "aac", "m4a"])
    func cuts(name: String) throws {
        let format = try #require(AudioFormat(rawValue: name == "m4a" ? "aac" : name))
        #expect(try Self.bytes(name) == file([Self.sound], format: format, output: name == "m4a" ? .m4a : .file))
    }
}
