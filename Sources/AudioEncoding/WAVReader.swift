package import SpeechCore

/// Reads recordings that callers send: wav files, whose form is simple enough to be read by hand.
///
/// Nothing else is taken. Decoders of compressed audio are large programs in C; they read what we make, but bytes of
/// strangers are not put before them.
package enum WAVReader {
    /// How long a recording may be.
    package static let durations: ClosedRange<Duration> = .seconds(1) ... .seconds(30)
    /// Samples per second of a recording. The longest one of the highest rate is 5.8 MB of 16-bit samples, which is
    /// less than a worker takes in one piece.
    package static let sampleRates = 8_000...96_000
    /// Channels of a recording at the most. They are averaged.
    package static let maxChannels = 8

    /// Sizes from here on stand for "until the end": programs that write a stream do not know the size of it when
    /// they write its header.
    private static let unknownSize = 0x7FFF_F000

    /// Reads a file whole.
    /// - Throws: `invalidRecording`.
    package static func read(_ file: ArraySlice<UInt8>) throws(AudioEncodingError) -> PCM {
        guard file.count >= 12, text(file, 0) == "RIFF", text(file, 8) == "WAVE" else {
            throw .recording(
                "The recording is not a wav file. Convert it, for example with: "
                    + "ffmpeg -i in.mp3 -ac 1 -ar 24000 out.wav"
            )
        }
        var format: WAVFormat?
        var rest = file.dropFirst(12)
        while rest.count >= 8 {
            let (name, size) = (text(rest, 0), Int(number(rest, 4, bytes: 4)))
            rest = rest.dropFirst(8)
            switch name {
            case "fmt ":
                format = try WAVFormat(rest.prefix(size))
            case "data":
                guard let format else { throw .recording("The wav file has audio before it says of what kind.") }
                guard size <= rest.count || size >= unknownSize else {
                    throw .recording("The wav file is cut off: it has \(rest.count) of \(size) bytes of audio.")
                }
                return try pcm(rest.prefix(size), format)
            default: break
            }
            // Chunks begin at even places.
            rest = rest.dropFirst(size + size % 2)
        }
        throw .recording("The wav file has no audio in it, or is cut off before it.")
    }

    private static func pcm(_ data: ArraySlice<UInt8>, _ format: WAVFormat) throws(AudioEncodingError) -> PCM {
        let count = data.count / format.frameBytes
        let duration = Duration.milliseconds(count * 1_000 / format.sampleRate)
        guard durations.contains(duration), count > 0 else {
            throw .recording(
                "The recording is \(duration) long, but must be from \(durations.lowerBound) to "
                    + "\(durations.upperBound)."
            )
        }
        return PCM(samples: format.samples(data), sampleRate: format.sampleRate)
    }

    private static func text(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> String {
        String(decoding: bytes.dropFirst(offset).prefix(4), as: UTF8.self)
    }

    /// A little-endian number.
    static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, bytes count: Int) -> UInt32 {
        bytes.dropFirst(offset).prefix(count).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
