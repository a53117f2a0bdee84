import SpeechCore

/// Brings speech of one sample rate to the wanted speed and to the rate of the file. The tempo comes first: it works on
/// what the engine made, and the slower rate is the cheaper one.
final class Converter {
    /// Of the speech that comes in, in Hz.
    let sampleRate: Int
    private let tempo: Tempo?
    private let resampler: Resampler?

    /// - Throws: `invalidSampleRate` outside of `PCM.sampleRates`, `libraryFailed`.
    init(sampleRate: Int, speed: Double) throws(AudioEncodingError) {
        guard PCM.sampleRates.contains(sampleRate) else {
            let range = "\(PCM.sampleRates.lowerBound) to \(PCM.sampleRates.upperBound)"
            throw AudioEncodingError(
                .invalidSampleRate,
                "The sample rate is \(sampleRate) Hz; an engine must speak at \(range) Hz."
            )
        }
        self.sampleRate = sampleRate
        // What needs no change is not touched: it stays as it is, bit by bit.
        tempo = speed == 1 ? nil : try Tempo(speed: speed, sampleRate: sampleRate)
        resampler = sampleRate == AudioEncoder.sampleRate ? nil : try Resampler(from: sampleRate)
    }

    /// Converts samples and passes on what is ready.
    func convert(_ samples: Span<Int16>, into sink: any AudioSink) throws(AudioEncodingError) {
        guard let tempo else { return try resample(samples, into: sink) }
        let stretched = try tempo.process(samples)
        try resample(stretched.span, into: sink)
    }

    /// Passes on what the stages still hold. Called once, after the last samples.
    func flush(into sink: any AudioSink) throws(AudioEncodingError) {
        if let tempo {
            let rest = try tempo.flush()
            try resample(rest.span, into: sink)
        }
        if let resampler {
            let rest = try resampler.flush()
            try sink.write(rest.span)
        }
    }

    private func resample(_ samples: Span<Int16>, into sink: any AudioSink) throws(AudioEncodingError) {
        guard let resampler else { return try sink.write(samples) }
        let resampled = try resampler.process(samples)
        try sink.write(resampled.span)
    }
}
