/// Why audio could not be encoded or a recording not be read, and what to do about it.
package struct AudioEncodingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// The speed is outside of `AudioEncoder.speeds`.
        package static let invalidSpeed = Code("invalid_speed")
        /// The sample rate is outside of `PCM.sampleRates`, or it changed within one stream.
        package static let invalidSampleRate = Code("invalid_sample_rate")
        /// A recording cannot be read, or is not of the kind that is wanted.
        package static let invalidRecording = Code("invalid_recording")
        /// A library that encodes, resamples or stretches refused its work.
        package static let libraryFailed = Code("library_failed")
    }

    /// What kind of trouble it is.
    package var code: Code
    /// What was wrong and what to do, in words.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// A recording that is not taken.
    static func recording(_ message: String) -> AudioEncodingError {
        AudioEncodingError(.invalidRecording, message)
    }
}
