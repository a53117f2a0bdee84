import AudioEncoding
import SpeechCore

/// What the first bytes of an input choose; the others are samples.
private struct Choice {
    static let byteCount = 5

    var format: AudioFormat
    var speed: Double
    var sampleRate: Int
    /// Samples of the pieces in which the speech comes.
    var pieceLength: Int
    var samples: [Int16]

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        format = AudioFormat.allCases[Int(bytes[0]) % AudioFormat.allCases.count]
        // Mostly as it is, because then all is known of what comes out.
        speed = bytes[1] < 128 ? 1 : AudioEncoder.speeds.lowerBound + Double(bytes[1] - 128) / 127 * 3.75
        let rates = PCM.sampleRates
        let rate = Int(bytes[2]) << 8 | Int(bytes[3])
        sampleRate = rate < 0x8000 ? AudioEncoder.sampleRate : rates.lowerBound + rate * rates.count / 0x10000
        pieceLength = 1 + Int(bytes[4]) * Int(bytes[4])
        samples = stride(from: Self.byteCount, to: bytes.count - 1, by: 2).map {
            Int16(truncatingIfNeeded: Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8)
        }
    }

    /// Whether the samples go through as they are.
    var isPlain: Bool { speed == 1 && sampleRate == AudioEncoder.sampleRate }

    /// Whether nothing may be left of the samples: of a very few when their rate or speed changes.
    var mayBeNothing: Bool { samples.isEmpty || !isPlain && samples.count < 1_000 }

    var pieces: [PCM] {
        stride(from: 0, to: samples.count, by: pieceLength).map {
            PCM(samples: Array(samples[$0..<min($0 + pieceLength, samples.count)]), sampleRate: sampleRate)
        }
    }

    /// All bytes of a stream, or of a file, of these pieces.
    func encode(_ pieces: [PCM], output: AudioEncoder.Output = .stream) throws(AudioEncodingError) -> [UInt8] {
        let encoder = try AudioEncoder(format: format, speed: speed, output: output)
        var bytes: [UInt8] = []
        for piece in pieces { bytes += try encoder.encode(piece) }
        bytes += try encoder.finish()
        bytes.replaceSubrange(..<encoder.beginning.count, with: encoder.beginning)
        return bytes
    }
}

/// libFuzzer's entry: makes a file of speech, at once and as a stream, and checks what must hold for any speech.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAudio(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count >= Choice.byteCount else { return 0 }
    let choice = Choice(UnsafeBufferPointer(start: start, count: count))
    do throws(AudioEncodingError) {
        let stream = try choice.encode(choice.pieces)
        let whole = try choice.encode(choice.pieces, output: .file)
        check(stream, of: choice)
        check(whole, of: choice)
        if choice.isPlain, !choice.samples.isEmpty {
            let once = try choice.encode([PCM(samples: choice.samples, sampleRate: choice.sampleRate)])
            precondition(stream == once, "how the speech is cut changes nothing")
        }
        if choice.format == .wav { try checkLengths(whole) }
    } catch {
        preconditionFailure("speech of one sample rate and an allowed speed can be encoded: \(error)")
    }
    refuseAnotherRate(choice)
    return 0
}

private func check(_ bytes: [UInt8], of choice: Choice) {
    switch choice.format {
    case .pcm: checkSamples(bytes[...], of: choice)
    case .wav:
        precondition(bytes.starts(with: "RIFF".utf8) && bytes.count >= 44, "there is a header")
        checkSamples(bytes[44...], of: choice)
    case .mp3:
        // Frames of 576 samples, 64 kbit/s and 24 kHz have 192 bytes.
        precondition(bytes.count % 192 == 0, "the last frame is whole")
        for frame in stride(from: 0, to: bytes.count, by: 192) {
            precondition(bytes[frame] == 0xFF && bytes[frame + 1] & 0xFE == 0xF2, "a frame begins as a frame of MPEG 2")
        }
    case .aac:
        var rest = bytes[...]
        while rest.count >= 7 {
            let index = rest.startIndex
            precondition(rest[index] == 0xFF && rest[index + 1] & 0xF6 == 0xF0, "a frame begins as one of ADTS")
            let length = Int(rest[index + 3] & 3) << 11 | Int(rest[index + 4]) << 3 | Int(rest[index + 5]) >> 5
            precondition(length >= 7 && length <= rest.count, "a frame is whole")
            rest = rest.dropFirst(length)
        }
        precondition(rest.isEmpty, "the file ends with a frame")
    case .flac: precondition(bytes.starts(with: "fLaC".utf8), "there is a header")
    case .opus:
        let isEnded = pagesHaveEnd(bytes)
        precondition(isEnded || choice.mayBeNothing, "the last page says that it is the last")
    }
    precondition(!bytes.isEmpty || choice.mayBeNothing, "speech makes bytes")
}

private func checkSamples(_ bytes: ArraySlice<UInt8>, of choice: Choice) {
    precondition(bytes.count % 2 == 0, "samples are whole")
    if choice.isPlain {
        let samples = choice.samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        precondition(bytes.elementsEqual(samples), "samples go through as they are")
    } else if choice.speed == 1 {
        let expected = choice.samples.count * AudioEncoder.sampleRate / choice.sampleRate
        let range = expected - resamplingTolerance...expected + resamplingTolerance
        precondition(range.contains(bytes.count / 2), "it lasts as long as before")
    }
}

/// Samples by which the length of what was resampled may differ from what its rate says.
private let resamplingTolerance = 64

/// Checks that an Ogg file is made of pages.
/// - Returns: whether the last one says that it is the last.
private func pagesHaveEnd(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    var isEnded = false
    while !rest.isEmpty {
        precondition(!isEnded, "nothing follows the last page")
        precondition(rest.starts(with: "OggS".utf8) && rest.count >= 27, "a page begins as a page")
        let segments = Int(rest[rest.startIndex + 26])
        precondition(rest.count >= 27 + segments, "a page's header is whole")
        let length = rest.dropFirst(27).prefix(segments).reduce(27 + segments) { $0 + Int($1) }
        precondition(rest.count >= length, "a page is whole")
        isEnded = rest[rest.startIndex + 5] & 4 != 0
        rest = rest.dropFirst(length)
    }
    return isEnded
}

/// A whole wav file says its true length, so that it can be read as a recording if it is long enough.
private func checkLengths(_ wav: [UInt8]) throws(AudioEncodingError) {
    func size(at offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(wav[offset + $1]) << (8 * $1) } }
    precondition(size(at: 4) == wav.count - 8 && size(at: 40) == wav.count - 44, "lengths are true")
    let samples = stride(from: 44, to: wav.count, by: 2).map {
        Int16(truncatingIfNeeded: Int(wav[$0]) | Int(wav[$0 + 1]) << 8)
    }
    let pcm = PCM(samples: samples, sampleRate: AudioEncoder.sampleRate)
    guard WAVReader.durations.contains(pcm.duration) else { return }
    let read = try WAVReader.read(wav[...])
    precondition(read == pcm, "what is written can be read")
}

/// An engine that changes its sample rate in the middle is refused.
private func refuseAnotherRate(_ choice: Choice) {
    let another = choice.sampleRate == 8_000 ? 9_000 : 8_000
    do throws(AudioEncodingError) {
        let encoder = try AudioEncoder(format: choice.format, speed: choice.speed)
        _ = try encoder.encode(PCM(samples: Array(choice.samples.prefix(1)), sampleRate: choice.sampleRate))
        _ = try encoder.encode(PCM(samples: [0], sampleRate: another))
        preconditionFailure("one stream has one sample rate")
    } catch {
        precondition(error.code == .invalidSampleRate, "the sample rate is to blame")
    }
}
