import CLibAV
import SpeechCore

/// How libav makes a compressed format. The settings are the cheapest that still sound well for speech, and all of them
/// let bytes out as they are made.
struct Compression {
    /// libav's name of the encoder.
    var encoder: String
    /// libav's name of the file format around it.
    var container: String
    /// What the encoder eats, out of those that it knows the one nearest to 16-bit samples.
    var sampleFormat: AVSampleFormat
    /// Whether the container's beginning is written again at the end.
    var isFile: Bool
    /// Bits a second that packets are filled up to; `nil` leaves them as they are.
    var constantBitRate: Int?
    /// Options of the encoder.
    var encoderOptions: [String: String] = [:]
    /// Options of the file format.
    var containerOptions: [String: String] = [:]

    /// - Returns: `nil` for a format that is not compressed.
    init?(_ format: AudioFormat, output: AudioEncoder.Output) {
        isFile = output != .stream
        switch format {
        case .pcm, .wav:
            return nil
        case .mp3:
            encoder = "libmp3lame"
            container = "mp3"
            sampleFormat = AV_SAMPLE_FMT_S16P
            encoderOptions = ["b": "64k"]
            // The Xing frame has the lengths, which are known at the end only, and an ID3 tag says nothing here.
            containerOptions = ["write_xing": isFile ? "1" : "0", "id3v2_version": "0"]
        case .opus:
            encoder = "libopus"
            container = "ogg"
            sampleFormat = AV_SAMPLE_FMT_S16
            encoderOptions = ["b": "32k", "compression_level": "5"]
            // In microseconds. A page leaves when the next one is full; shorter ones cost bytes.
            containerOptions = ["page_duration": "100000"]
        case .aac:
            encoder = "aac"
            sampleFormat = AV_SAMPLE_FMT_FLTP
            // The default coder costs five times as much. By quality, and not by bit rate, because libav's frames of
            // a bit rate are now twice as large and now next to nothing.
            encoderOptions = ["flags": "+qscale", "global_quality": "\(FF_QP2LAMBDA)", "aac_coder": "fast"]
            if output == .m4a {
                container = "ipod"
                containerOptions = ["movie_timescale": "\(AudioEncoder.sampleRate)"]
            } else {
                container = "adts"
                constantBitRate = 80_000
            }
        case .flac:
            encoder = "flac"
            container = "flac"
            sampleFormat = AV_SAMPLE_FMT_S16
        }
    }
}
