/// Samples as they are: `pcm`, and `wav` with its header in front.
final class RawSink: AudioSink {
    private var body: [UInt8] = []
    private var needsHeader: Bool
    private var hasEnded = false

    /// - Parameter hasHeader: whether it is a wav file.
    init(hasHeader: Bool) {
        needsHeader = hasHeader
    }

    func write(_ samples: Span<Int16>) {
        // The files are little-endian and so is every machine that Swift and we run on.
        samples.withUnsafeBytes { body.append(contentsOf: $0) }
    }

    func end() {
        hasEnded = true
    }

    func take() -> [UInt8] {
        defer { body = [] }
        guard needsHeader else { return body }
        needsHeader = false
        return WAVHeader(dataByteCount: hasEnded ? body.count : nil).bytes + body
    }
}
