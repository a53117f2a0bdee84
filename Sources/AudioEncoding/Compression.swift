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
    /// Options of the encoder.
    var encoderOptions: [String: String] = [:]
    /// Options of the file format.
    var containerOptions: [String: String] = [:]

    /// - Returns: `nil` for a format that is not compressed.
    init?(_ format: AudioFormat) {
        switch format {
        case .pcm, .wav:
            return nil
        case .mp3:
            encoder = "libmp3lame"
            container = "mp3"
            sampleFormat = AV_SAMPLE_FMT_S16P
            encoderOptions = ["b": "64k"]
            // The Xing header would have to be rewritten at the end, and an ID3 tag says nothing here.
            containerOptions = ["write_xing": "0", "id3v2_version": "0"]
        case .opus:
            encoder = "libopus"
            container = "ogg"
            sampleFormat = AV_SAMPLE_FMT_S16
            encoderOptions = ["b": "32k", "compression_level": "5"]
            // In microseconds. A page leaves when the next one is full; shorter ones cost bytes.
            containerOptions = ["page_duration": "100000"]
        case .aac:
            encoder = "aac"
            container = "adts"
            sampleFormat = AV_SAMPLE_FMT_FLTP
            // The default coder costs five times as much.
            encoderOptions = ["b": "64k", "aac_coder": "fast"]
        case .flac:
            encoder = "flac"
            container = "flac"
            sampleFormat = AV_SAMPLE_FMT_S16
        }
    }
}
