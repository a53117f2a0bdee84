/// Samples as they are: `pcm`, and `wav` with its header in front.
final class RawSink: AudioSink {
    private var body: [UInt8] = []
    /// Bytes of samples that were handed over.
    private var takenBytes = 0
    private let hasHeader: Bool
    private let isFile: Bool
    private var needsHeader: Bool
    private var hasEnded = false

    /// - Parameters:
    ///   - hasHeader: whether it is a wav file.
    ///   - isFile: whether the header is replaced at the end.
    init(hasHeader: Bool, isFile: Bool) {
        self.hasHeader = hasHeader
        self.isFile = isFile
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
        takenBytes += body.count
        guard needsHeader else { return body }
        needsHeader = false
        return WAVHeader(dataByteCount: hasEnded ? body.count : nil).bytes + body
    }

    var beginning: [UInt8] {
        hasHeader && isFile ? WAVHeader(dataByteCount: takenBytes).bytes : []
    }
}
