/// Samples as they are: `pcm`, and `wav` with its header in front.
final class RawSink: AudioSink {
    /// A wav stream of unknown length is filled up with silence to a multiple of this, 85 ms at the most: ffmpeg reads
    /// it in packets of this many bytes, and calls a stream broken that ends within one.
    static let streamPacketBytes = 4096

    private var body: [UInt8] = []
    private var takenBytes = 0
    private let hasHeader: Bool
    private var needsHeader: Bool
    private var hasEnded = false

    /// - Parameter hasHeader: whether it is a wav file.
    init(hasHeader: Bool) {
        self.hasHeader = hasHeader
        needsHeader = hasHeader
    }

    func write(_ samples: Span<Int16>) {
        // The files are little-endian and so is every machine that Swift and we run on.
        samples.withUnsafeBytes { body.append(contentsOf: $0) }
    }

    func end() {
        hasEnded = true
        guard hasHeader, !needsHeader else { return }
        let odd = (takenBytes + body.count) % Self.streamPacketBytes
        if odd > 0 { body.append(contentsOf: repeatElement(0, count: Self.streamPacketBytes - odd)) }
    }

    func take() -> [UInt8] {
        defer { body = [] }
        takenBytes += body.count
        guard needsHeader else { return body }
        needsHeader = false
        return WAVHeader(dataByteCount: hasEnded ? body.count : nil).bytes + body
    }
}
