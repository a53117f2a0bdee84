package import SpeechCore

extension AudioFormat {
    /// Whether a second of audio is encoded in some microseconds, so that it may be done where one is. The other
    /// formats take 1 to 20 ms and belong on an `EncodingExecutor`, and so does every format at a speed other than 1,
    /// which takes 1 to 10 ms by itself.
    package var isCheapToEncode: Bool {
        switch self {
        case .pcm, .wav: true
        case .mp3, .opus, .aac, .flac: false
        }
    }
}
