import SpeechCore

/// The format chunk of a wav file: how its samples are written.
struct WAVFormat {
    /// How one sample of one channel is written, little-endian.
    enum Encoding {
        /// Unsigned, with silence in the middle.
        case unsigned8
        case signed16, signed24, signed32
        /// From -1 to 1.
        case float32
    }

    var encoding: Encoding
    var channels: Int
    /// Within `WAVReader.sampleRates`.
    var sampleRate: Int
    /// Bytes of one sample of all channels.
    var frameBytes: Int

    /// - Parameter chunk: the chunk without its name and size.
    /// - Throws: `invalidRecording`.
    init(_ chunk: ArraySlice<UInt8>) throws(AudioEncodingError) {
        guard chunk.count >= 16 else { throw .recording("The wav file is cut off in its header.") }
        let tag = try Self.tag(of: chunk)
        channels = Int(WAVReader.number(chunk, 2, bytes: 2))
        sampleRate = Int(WAVReader.number(chunk, 4, bytes: 4))
        frameBytes = Int(WAVReader.number(chunk, 12, bytes: 2))
        let bits = Int(WAVReader.number(chunk, 14, bytes: 2))
        encoding =
            switch (tag, bits) {
            case (Self.linear, 8): .unsigned8
            case (Self.linear, 16): .signed16
            case (Self.linear, 24): .signed24
            case (Self.linear, 32): .signed32
            case (Self.float, 32): .float32
            default:
                throw .recording(
                    "The wav file has format \(tag) with \(bits) bits. Linear PCM of 8, 16, 24 or 32 bits and float "
                        + "of 32 bits are read; convert it, for example with: ffmpeg -i in.wav -c:a pcm_s16le out.wav"
                )
            }
        guard (1...WAVReader.maxChannels).contains(channels) else {
            throw .recording(
                "The wav file has \(channels) channels, but may have from 1 to \(WAVReader.maxChannels)."
            )
        }
        guard WAVReader.sampleRates.contains(sampleRate) else {
            let (lowest, highest) = (WAVReader.sampleRates.lowerBound, WAVReader.sampleRates.upperBound)
            throw .recording("The wav file has \(sampleRate) Hz, but may have from \(lowest) to \(highest).")
        }
        guard frameBytes == channels * bits / 8 else {
            throw .recording("The wav file's header contradicts itself: \(frameBytes) bytes for \(channels) samples.")
        }
    }

    private static let linear: UInt32 = 1
    private static let float: UInt32 = 3
    private static let extensible: UInt32 = 0xFFFE
    /// What follows the tag in the identifier of a format that has a tag (KSDATAFORMAT_SUBTYPE).
    private static let taggedIdentifier: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]

    /// The tag of the format, which WAVE_FORMAT_EXTENSIBLE has further behind.
    private static func tag(of chunk: ArraySlice<UInt8>) throws(AudioEncodingError) -> UInt32 {
        let tag = WAVReader.number(chunk, 0, bytes: 2)
        guard tag == extensible else { return tag }
        let identifier = chunk.dropFirst(24).prefix(16)
        guard identifier.count == 16, identifier.dropFirst(2).elementsEqual(taggedIdentifier) else {
            throw .recording("The wav file is of an unknown kind, or cut off in its header.")
        }
        return WAVReader.number(identifier, 0, bytes: 2)
    }

    /// The samples as one channel of 16 bits. A frame that is not whole at the end is left out.
    func samples(_ data: ArraySlice<UInt8>) -> [Int16] {
        let sampleBytes = frameBytes / channels
        var samples: [Int16] = []
        samples.reserveCapacity(data.count / frameBytes)
        var index = data.startIndex
        while data.endIndex - index >= frameBytes {
            var sum = 0
            for _ in 0..<channels {
                sum += Int(wide(data, index))
                index += sampleBytes
            }
            // The nearest, as far as there is room above.
            samples.append(Int16(min((sum / channels + 0x8000) >> 16, Int(Int16.max))))
        }
        return samples
    }

    /// A sample of one channel with 32 bits.
    private func wide(_ data: ArraySlice<UInt8>, _ index: Int) -> Int32 {
        func byte(_ offset: Int) -> UInt32 { UInt32(data[index + offset]) }
        switch encoding {
        case .unsigned8: return Int32(bitPattern: (byte(0) ^ 0x80) << 24)
        case .signed16: return Int32(bitPattern: byte(0) << 16 | byte(1) << 24)
        case .signed24: return Int32(bitPattern: byte(0) << 8 | byte(1) << 16 | byte(2) << 24)
        case .signed32: return Int32(bitPattern: byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24)
        case .float32:
            let value = Float(bitPattern: byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24)
            // What is louder than possible is cut, and what is no number is silence.
            return value.isNaN ? 0 : Int32(max(-1, min(Double(value), 1)) * Double(Int32.max))
        }
    }
}
