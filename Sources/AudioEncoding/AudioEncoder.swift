package import SpeechCore

/// Makes a file in one of OpenAI's formats out of speech, piece by piece: 24 kHz, mono, whatever the speech came in.
///
/// The work is done in the calls, by the caller's thread. One task uses an encoder. After an error it is useless.
package final class AudioEncoder {
    /// The use of the bytes.
    package enum Output: Sendable {
        /// They are sent as they are made, so a length that is not known yet stays open.
        case stream
        /// They are kept until the end. `beginning` then replaces their first ones, and all lengths are true.
        case file
        /// The same in the MPEG-4 container, which unlike plain `aac` has lengths. Only for `aac`.
        case m4a
    }

    /// The sample rate of every format, in Hz.
    package static let sampleRate = 24_000
    /// How much faster the speech may become.
    package static let speeds = 0.25...4.0
    /// Samples that go through the stages in one go, so that what lies between them stays small for any piece.
    private static let sliceLength = 4096

    private let speed: Double
    private let sink: any AudioSink
    /// `nil` until the first piece tells the sample rate.
    private var converter: Converter?
    private var isFinished = false

    /// - Parameter speed: 2 is twice as fast; the pitch stays.
    /// - Throws: `invalidSpeed`; `libraryFailed` when libav has no such encoder.
    package init(
        format: AudioFormat,
        speed: Double = 1,
        output: Output = .stream
    ) throws(AudioEncodingError) {
        precondition(output != .m4a || format == .aac, "only aac is put into an m4a file")
        guard Self.speeds.contains(speed) else {
            let range = "\(Self.speeds.lowerBound) to \(Self.speeds.upperBound)"
            throw AudioEncodingError(.invalidSpeed, "The speed is \(speed); choose one from \(range).")
        }
        self.speed = speed
        if let compression = Compression(format, output: output) {
            sink = try CompressedSink(compression)
        } else {
            sink = RawSink(hasHeader: format == .wav, isFile: output == .file)
        }
    }

    /// Adds a piece.
    /// - Returns: the bytes that are ready now. There may be none: encoders look ahead. The header comes first.
    /// - Throws: `invalidSampleRate`, `libraryFailed`.
    package func encode(_ pcm: PCM) throws(AudioEncodingError) -> [UInt8] {
        precondition(!isFinished, "nothing is added to a file that has ended")
        let converter = try converter(for: pcm.sampleRate)
        let samples = pcm.samples.span
        for start in stride(from: 0, to: samples.count, by: Self.sliceLength) {
            let end = min(start + Self.sliceLength, samples.count)
            try converter.convert(samples.extracting(start..<end), into: sink)
        }
        return try sink.take()
    }

    /// Ends the file. Called once, after the last piece.
    /// - Returns: the rest of its bytes.
    /// - Throws: `libraryFailed`.
    package func finish() throws(AudioEncodingError) -> [UInt8] {
        precondition(!isFinished, "a file ends once")
        isFinished = true
        try converter?.flush(into: sink)
        try sink.end()
        return try sink.take()
    }

    /// The first bytes of a file that has ended, with its true lengths. They replace as many bytes at the start of the
    /// output. Empty for a stream.
    package var beginning: [UInt8] { sink.beginning }

    private func converter(for sampleRate: Int) throws(AudioEncodingError) -> Converter {
        guard let converter else {
            let made = try Converter(sampleRate: sampleRate, speed: speed)
            converter = made
            return made
        }
        guard converter.sampleRate == sampleRate else {
            throw AudioEncodingError(
                .invalidSampleRate,
                "The sample rate went from \(converter.sampleRate) to \(sampleRate) Hz; an engine must keep to one."
            )
        }
        return converter
    }
}
