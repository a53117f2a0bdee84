import CSonic

/// Makes speech faster or slower and keeps its pitch. One stream, in order, at one sample rate.
final class Tempo {
    private let stream: Handle<sonicStream>

    /// - Parameters:
    ///   - speed: 2 is twice as fast.
    ///   - sampleRate: of the samples, in Hz.
    init(speed: Double, sampleRate: Int) throws(AudioEncodingError) {
        stream = try Handle(sonicCreateStream(Int32(sampleRate), 1), "a tempo stream", free: sonicDestroyStream)
        sonicSetSpeed(stream.pointer, Float(speed))
    }

    /// Adds samples and returns what is ready; none while it still looks for the pitch.
    func process(_ samples: Span<Int16>) throws(AudioEncodingError) -> [Int16] {
        let accepted = samples.withUnsafeBufferPointer { buffer in
            // libsonic only reads; its header lacks the `const`.
            sonicWriteShortToStream(
                stream.pointer,
                UnsafeMutablePointer(mutating: buffer.baseAddress),
                Int32(buffer.count)
            )
        }
        try check(accepted)
        return ready()
    }

    /// Returns the rest. Called once, after the last samples.
    func flush() throws(AudioEncodingError) -> [Int16] {
        try check(sonicFlushStream(stream.pointer))
        return ready()
    }

    private func ready() -> [Int16] {
        let count = Int(sonicSamplesAvailable(stream.pointer))
        return [Int16](unsafeUninitializedCapacity: count) { buffer, read in
            read = Int(sonicReadShortFromStream(stream.pointer, buffer.baseAddress, Int32(count)))
        }
    }

    /// libsonic's calls return 0 when they lack memory.
    private func check(_ result: Int32) throws(AudioEncodingError) {
        guard result != 0 else {
            throw AudioEncodingError(
                .libraryFailed,
                "There is no memory to change the speed; lower the load or add memory."
            )
        }
    }
}
