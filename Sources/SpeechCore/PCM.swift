/// A piece of mono audio: signed 16-bit samples at one sample rate.
package struct PCM: Sendable, Equatable {
    /// The samples, in the machine's byte order.
    package var samples: [Int16]
    /// Samples per second; positive.
    package var sampleRate: Int

    /// Sample rates that a worker may speak at, in Hz. Outside of it a frame is treated as broken.
    package static let sampleRates = 8_000...192_000

    /// - Precondition: the sample rate is positive.
    package init(samples: [Int16], sampleRate: Int) {
        precondition(sampleRate > 0, "a sample rate is positive")
        self.samples = samples
        self.sampleRate = sampleRate
    }

    /// How long the piece plays.
    package var duration: Duration {
        .nanoseconds(Int64(samples.count) * 1_000_000_000 / Int64(sampleRate))
    }

    /// Size of the samples in bytes.
    package var byteCount: Int { samples.count * MemoryLayout<Int16>.size }

    /// Silence of the given length.
    package static func silence(_ duration: Duration, sampleRate: Int) -> PCM {
        let count = Int(duration / .seconds(1) * Double(sampleRate))
        return PCM(samples: [Int16](repeating: 0, count: count), sampleRate: sampleRate)
    }
}
