import CLibAV

/// Changes the sample rate of one stream to `AudioEncoder.sampleRate`.
final class Resampler {
    private let context: Handle<OpaquePointer>

    /// - Parameter sampleRate: of the samples that go in, in Hz.
    init(from sampleRate: Int) throws(AudioEncodingError) {
        var (mono, alsoMono) = (clibav_mono(), clibav_mono())
        var allocated: OpaquePointer?
        let result = swr_alloc_set_opts2(
            &allocated,
            &mono,
            AV_SAMPLE_FMT_S16,
            Int32(AudioEncoder.sampleRate),
            &alsoMono,
            AV_SAMPLE_FMT_S16,
            Int32(sampleRate),
            0,
            nil
        )
        context = try Handle(allocated, "a resampler") { pointer in
            var pointer: OpaquePointer? = pointer
            swr_free(&pointer)
        }
        try LibAV.check(result, "set up a resampler from \(sampleRate) Hz")
        try LibAV.check(swr_init(context.pointer), "set up a resampler from \(sampleRate) Hz")
    }

    /// Adds samples and returns what is ready; the filter holds a few milliseconds back.
    func process(_ samples: Span<Int16>) throws(AudioEncodingError) -> [Int16] {
        try samples.withUnsafeBytes { (bytes) throws(AudioEncodingError) in
            var plane = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return try convert(&plane, count: samples.count)
        }
    }

    /// Returns what the filter holds. Called once, after the last samples.
    func flush() throws(AudioEncodingError) -> [Int16] {
        try convert(nil, count: 0)
    }

    /// - Parameter planes: the samples; `nil` tells libswresample that there are no more.
    private func convert(
        _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        count: Int
    ) throws(AudioEncodingError) -> [Int16] {
        let capacity = try LibAV.check(swr_get_out_samples(context.pointer, Int32(count)), "resample")
        var result: Int32 = 0
        let output = [Int16](unsafeUninitializedCapacity: Int(capacity)) { buffer, made in
            var output = UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            result = swr_convert(context.pointer, &output, capacity, planes, Int32(count))
            made = Int(max(result, 0))
        }
        try LibAV.check(result, "resample")
        return output
    }
}
