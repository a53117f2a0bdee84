/// The formats of OpenAI's speech API (`response_format`).
package enum AudioFormat: String, Sendable, CaseIterable {
    case mp3, opus, aac, flac, wav, pcm

    /// The media type of a response in this format. `pcm` says what OpenAI's is: 24 kHz, 16 bit, little-endian, mono.
    package var contentType: String {
        switch self {
        case .mp3: "audio/mpeg"
        case .opus: "audio/ogg"
        case .aac: "audio/aac"
        case .flac: "audio/flac"
        case .wav: "audio/wav"
        case .pcm: "audio/pcm;rate=24000;channels=1"
        }
    }
}
