/// The first 44 bytes of a wav file with 16-bit mono samples. Written by hand because libav adds a chunk of its own.
struct WAVHeader {
    /// Size of the samples that follow, or `nil` while nobody knows.
    var dataByteCount: Int?

    /// Stands for "until the end" as the size of the samples: the most that leaves room for the header in the 32 bits
    /// of the file's size. Players know it; 0 would be a legal, empty file, and all ones in both fields makes ffmpeg
    /// doubt the file.
    static let unknownSize = UInt32.max - UInt32(byteCount - 8)

    /// Size of the header itself.
    static let byteCount = 44

    /// The header. A size that does not fit its 32 bits counts as unknown.
    var bytes: [UInt8] {
        let sampleBytes = MemoryLayout<Int16>.size
        let rate = AudioEncoder.sampleRate
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes += Array("RIFF".utf8)
        append(size(plus: Self.byteCount - 8), to: &bytes)
        bytes += Array("WAVEfmt ".utf8)
        append(UInt32(16), to: &bytes)  // size of the format chunk
        append(UInt16(1), to: &bytes)  // linear PCM
        append(UInt16(1), to: &bytes)  // channels
        append(UInt32(rate), to: &bytes)
        append(UInt32(rate * sampleBytes), to: &bytes)  // bytes per second
        append(UInt16(sampleBytes), to: &bytes)  // bytes per sample of all channels
        append(UInt16(sampleBytes * 8), to: &bytes)  // bits per sample
        bytes += Array("data".utf8)
        append(size(plus: 0), to: &bytes)
        return bytes
    }

    private func size(plus headerBytes: Int) -> UInt32 {
        dataByteCount.flatMap { UInt32(exactly: $0 + headerBytes) } ?? Self.unknownSize + UInt32(headerBytes)
    }

    private func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
