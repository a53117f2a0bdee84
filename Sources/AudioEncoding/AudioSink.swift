/// The last stage: takes samples at `sampleRate` and makes a file of them, piece by piece.
protocol AudioSink: AnyObject {
    /// Adds samples.
    func write(_ samples: Span<Int16>) throws(AudioEncodingError)

    /// No more samples will come. Called once.
    func end() throws(AudioEncodingError)

    /// Hands over the bytes that were made since the last call.
    func take() throws(AudioEncodingError) -> [UInt8]

    /// See `AudioEncoder.beginning`.
    var beginning: [UInt8] { get }
}

extension AudioSink {
    /// What every format carries, in Hz: OpenAI's rate for speech.
    static var sampleRate: Int { AudioEncoder.sampleRate }
}
