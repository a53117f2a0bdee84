import AudioEncoding
import SpeechCore
import Testing

@Suite("Reading wav files")
struct WAVReaderTests {
    private static let tone = Signal.sine(440, seconds: 1.5)

    /// A wav file, as wrong as wanted.
    private struct File {
        var tag: UInt16 = 1
        var channels: UInt16 = 1
        var sampleRate: UInt32 = 24_000
        var bits: UInt16 = 16
        var extensibleTag: UInt16?
        var data: [UInt8]
        var dataSize: UInt32?
        /// Chunks between the format and the audio.
        var between: [UInt8] = []

        private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }

        static func chunk(_ name: String, _ body: [UInt8], size: UInt32? = nil) -> [UInt8] {
            Array(name.utf8) + bytes(size ?? UInt32(body.count)) + body + (body.count % 2 == 0 ? [] : [0])
        }

        var bytes: [UInt8] {
            let frameBytes = channels &* (bits / 8)
            var format = Self.bytes(extensibleTag == nil ? tag : 0xFFFE) + Self.bytes(channels) + Self.bytes(sampleRate)
            format += Self.bytes(sampleRate &* UInt32(frameBytes)) + Self.bytes(frameBytes) + Self.bytes(bits)
            if let extensibleTag {
                format += Self.bytes(UInt16(22)) + Self.bytes(bits) + Self.bytes(UInt32(0)) + Self.bytes(extensibleTag)
                format += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
            }
            let chunks = Self.chunk("fmt ", format) + between + Self.chunk("data", data, size: dataSize)
            return Array("RIFF".utf8) + Self.bytes(UInt32(chunks.count + 4)) + Array("WAVE".utf8) + chunks
        }
    }

    private func read(_ bytes: [UInt8]) throws -> PCM {
        // A slice that does not begin at 0, as a part of a form does not.
        try WAVReader.read(([0xAA, 0xBB] + bytes).dropFirst(2))
    }

    private func refusal(_ file: File) throws -> String {
        try refusal(file.bytes)
    }

    private func refusal(_ bytes: [UInt8]) throws -> String {
        let error = try #require(throws: AudioEncodingError.self) { try read(bytes) }
        #expect(error.code == .invalidRecording)
        return error.message
    }

    /// Two seconds of silence in these frames.
    private func silence(_ frameBytes: Int, rate: Int = 24_000) -> [UInt8] {
        [UInt8](repeating: 0, count: 2 * rate * frameBytes)
    }

    @Test("What we write is read, sample by sample, a stream of unknown length too")
    func own() throws {
        #expect(try read(file([Self.tone], format: .wav)) == Self.tone)
        #expect(try read(stream(Signal.pieces(Self.tone), format: .wav)) == Self.tone)
    }

    @Test(
        "Every kind of sample is read as it was written by another program",
        arguments: ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"],
        [1, 2, 6]
    )
    func kinds(codec: String, channels: Int) throws {
        let tone = try file([Self.tone], format: .wav)
        let options = ["-v", "error", "-i", "-", "-c:a", codec, "-ac", "\(channels)", "-ar", "24000", "-f", "wav", "-"]
        let converted = try FFmpeg.run("ffmpeg", options, on: tone)
        #expect(converted.status == 0)
        let pcm = try read(Array(converted.output))
        #expect(pcm.sampleRate == 24_000)
        #expect(abs(Signal.frequency(of: pcm.samples) - 440) < 1)
        if codec != "pcm_u8", channels == 1 {
            #expect(zip(pcm.samples, Self.tone.samples).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
            #expect(pcm.samples.count == Self.tone.samples.count)
        }
    }

    @Test("Samples are converted exactly, the extremes among them")
    func exact() throws {
        func first(_ file: File, _ count: Int) throws -> [Int16] { Array(try read(file.bytes).samples.prefix(count)) }
        let byte = File(bits: 8, data: [0, 128, 255] + [UInt8](repeating: 128, count: 48_000))
        #expect(try first(byte, 3) == [-32_768, 0, 32_512])
        let short = File(data: [0, 0x80, 0xFF, 0xFF, 0xFF, 0x7F] + silence(2))
        #expect(try first(short, 3) == [-32_768, -1, 32_767])
        let three = File(bits: 24, data: [0, 0, 0x80, 0x80, 0, 0, 0xFF, 0xFF, 0x7F] + silence(3))
        #expect(try first(three, 3) == [-32_768, 1, 32_767])
        let long = File(bits: 32, data: [0, 0, 0, 0x80, 0xFF, 0x7F, 1, 0, 0xFF, 0xFF, 0xFF, 0x7F] + silence(4))
        #expect(try first(long, 3) == [-32_768, 1, 32_767])
        let floats: [Float] = [-1, 0.5, 1, 7, -7, .infinity, .nan]
        let float = File(
            tag: 3,
            bits: 32,
            data: floats.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
                + silence(4)
        )
        #expect(try first(float, 7) == [-32_768, 16_384, 32_767, 32_767, -32_768, 32_767, 0])
        let stereo = File(channels: 2, data: [10, 0, 20, 0, 0, 0x80, 0xFF, 0x7F] + silence(4))
        #expect(try first(stereo, 2) == [15, 0])
    }

    @Test("The extensible form, chunks of odd sizes and half a frame at the end are no trouble")
    func oddities() throws {
        let odd = File.chunk("LIST", [1, 2, 3]) + File.chunk("junk", []) + File.chunk("ab\u{0}\u{0}", [9])
        let data = [7, 0] + silence(2) + [1]
        let file = File(extensibleTag: 1, data: data, between: odd)
        let pcm = try read(file.bytes + File.chunk("LIST", [1]))
        #expect(pcm.samples.count == 48_001)
        #expect(pcm.samples.first == 7)
        #expect(pcm.samples.dropFirst().allSatisfy { $0 == 0 })
        var float = File(bits: 32, extensibleTag: 3, data: silence(4))
        #expect(try read(float.bytes).samples.count == 48_000)
        float.extensibleTag = 2
        #expect(try refusal(float).contains("format 2"))
    }

    @Test("Sizes that stand for the end of a stream are taken as that", arguments: [.max, .max - 36, 0x7FFF_F000])
    func unknownSize(size: UInt32) throws {
        #expect(try read(File(data: silence(2), dataSize: size).bytes).samples.count == 48_000)
    }

    @Test("What is not a wav file is refused with the way to make one of it")
    func notWAV() throws {
        for bytes in [[], Array("RIFF".utf8), Array("ID3 and so on and on".utf8), Array("RIFF....AVI LIST".utf8)] {
            #expect(try refusal(bytes).contains("ffmpeg -i in.mp3 -ac 1 -ar 24000 out.wav"))
        }
        let mp3 = try file([Self.tone], format: .mp3)
        #expect(try refusal(mp3).contains("not a wav file"))
    }

    @Test("A file that is cut off anywhere is refused, not read in part")
    func truncated() throws {
        let file = File(data: silence(2), between: File.chunk("LIST", [1, 2, 3])).bytes
        let header = file.count - 96_000
        for length in Array(0..<header + 2) + [header + 50_000, file.count - 1] {
            _ = try refusal(Array(file.prefix(length)))
        }
        #expect(try refusal(Array(file.dropLast())).contains("95999 of 96000 bytes"))
    }

    @Test("Formats, channels, rates and lengths that are not taken are refused with what would be")
    func refusals() throws {
        #expect(try refusal(File(tag: 0x55, data: silence(2))).contains("format 85 with 16 bits"))
        #expect(try refusal(File(tag: 3, bits: 64, data: silence(8))).contains("format 3 with 64 bits"))
        #expect(try refusal(File(bits: 12, data: silence(2))).contains("12 bits"))
        #expect(try refusal(File(channels: 0, data: silence(2))).contains("0 channels"))
        #expect(try refusal(File(channels: 9, data: silence(18))).contains("9 channels"))
        #expect(try refusal(File(sampleRate: 7_999, data: silence(2))).contains("7999 Hz"))
        #expect(try refusal(File(sampleRate: .max, data: silence(2))).contains("4294967295 Hz"))
        #expect(try refusal(File(sampleRate: 8_000, data: [UInt8](repeating: 0, count: 15_980))).contains("0.998 sec"))
        #expect(
            try refusal(File(sampleRate: 8_000, data: [UInt8](repeating: 0, count: 480_032))).contains("30.002 sec")
        )
        #expect(try refusal(File(data: [])).contains("0.0 seconds long"))
        var contradiction = File(data: silence(2)).bytes
        contradiction[32] = 3
        #expect(try refusal(contradiction).contains("contradicts itself"))
    }

    @Test("Half a minute is taken, and one second")
    func limits() throws {
        for seconds in [1, 30] {
            let bytes = File(sampleRate: 8_000, data: [UInt8](repeating: 0, count: seconds * 16_000)).bytes
            #expect(try read(bytes).duration == .seconds(seconds))
        }
    }

    @Test("Bytes at random never do harm", arguments: 0..<20)
    func random(seed: Int) throws {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let file = File(extensibleTag: 1, data: [UInt8](repeating: 1, count: 50_000), between: File.chunk("x  x", [1]))
            .bytes
        for _ in 0..<100 {
            var bytes = file
            for _ in 0...next(4) { bytes[next(100)] = [0, 1, 2, 0xFF, 0x7F, 0x80, UInt8(next(256))][next(7)] }
            if next(4) == 0 { bytes = Array(bytes.prefix(next(bytes.count))) }
            do {
                let pcm = try read(bytes)
                #expect(WAVReader.sampleRates.contains(pcm.sampleRate), "seed \(seed)")
                #expect(pcm.samples.count <= 50_000, "seed \(seed)")
            } catch {
                #expect((error as? AudioEncodingError)?.code == .invalidRecording, "seed \(seed)")
            }
        }
    }
}
