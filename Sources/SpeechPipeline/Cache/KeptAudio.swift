import SpeechCore

/// The audio of a segment, kept to be given to others as well. Its samples are shared, not copied.
struct KeptAudio: Sendable, Equatable {
    /// The audio in its pieces.
    private(set) var chunks: [PCM] = []
    /// What the engine remarked on the text.
    private(set) var notes: [String] = []
    /// Whether there is no audio because nothing of the text can be spoken.
    var hadNothingToSay = false
    /// Size of the samples in bytes.
    private(set) var sampleBytes = 0

    /// What a piece, a note and the whole cost besides their content, about.
    private static let overheadBytes = 64

    /// What it costs to keep it in memory.
    var byteCount: Int {
        notes.reduce(sampleBytes + (2 + chunks.count) * Self.overheadBytes) { $0 + $1.utf8.count + Self.overheadBytes }
    }

    /// Adds a piece.
    mutating func append(_ chunk: PCM) {
        guard !chunk.samples.isEmpty else { return }
        chunks.append(chunk)
        sampleBytes += chunk.byteCount
    }

    /// Adds a remark; there are as many, and as long ones, as a segment may have.
    mutating func note(_ text: String) {
        if notes.count < SegmentAudio.maxNotes { notes.append(SegmentAudio.shortened(text)) }
    }

    /// Gives what there is so far to a sink that has been started.
    func pour(into sink: any SegmentSink, resumed: inout ResumedReaders) {
        for note in notes { sink.note(note) }
        // It fits: no more is kept than a sink takes.
        for chunk in chunks { _ = sink.append(chunk, resumed: &resumed) }
    }

    /// Gives all of it to a sink, as what had been made before.
    func play(to sink: any SegmentSink) {
        sink.admitted()
        sink.start(shared: .cached)
        var resumed = ResumedReaders()
        pour(into: sink, resumed: &resumed)
        resumed.resume()
        sink.finish(nothingToSay: hadNothingToSay)
    }
}
