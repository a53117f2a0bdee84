/// Where the audio of a segment goes while it is made.
///
/// One producer calls it, one call after the other, from any thread. No call waits, and no call but `admitted` comes
/// back to the producer.
package protocol SegmentSink: AnyObject, Sendable {
    /// The segment has a place: it is queued, or its audio comes from elsewhere. From now on the later segments of its
    /// utterance are not refused, and they may be submitted before this returns. May be called more than once.
    func admitted()

    /// It begins now.
    /// - Parameter shared: where it comes from, if nothing is run for this segment alone.
    func start(shared: SegmentTiming.Shared?)

    /// Adds a piece. Ignored after the end.
    /// - Parameter resumed: gets the reader that waited for it, who is to be resumed when the caller holds no lock.
    /// - Returns: what became of it; unless it was taken, the segment should be failed.
    func append(_ chunk: PCM, resumed: inout ResumedReaders) -> PieceTaken

    /// Adds a remark for the caller, such as what of the text cannot be spoken. Ignored after the end.
    func note(_ text: String)

    /// All audio is here.
    /// - Parameter nothingToSay: there is none, because nothing of the text can be spoken.
    func finish(nothingToSay: Bool)

    /// No more audio will come, because of this. Pieces that are here already can still be read.
    func fail(_ error: SpeechError)

    /// Whether nothing more will arrive, or nobody wants it.
    var isEnded: Bool { get }

    /// Forgets what has arrived, so that the segment can be made again from its beginning.
    /// - Parameter isRepeatable: it will be the same again. Of that, what somebody has had already is then left out,
    ///   and has to be what it was.
    /// - Returns: `false` when somebody has had some of it already and it is not repeatable, or it has ended.
    func restart(isRepeatable: Bool) -> Bool
}

/// Readers that have waited, and what they get.
package struct ResumedReaders: ~Copyable {
    /// A reader that waits for a piece.
    package typealias Reader = CheckedContinuation<Result<PCM?, SpeechError>, Never>

    private var readers: [(reader: Reader, piece: PCM)] = []

    package init() {}

    mutating func add(_ reader: Reader, _ piece: PCM) { readers.append((reader, piece)) }

    /// Resumes them. They may run at once, so no lock may be held.
    package consuming func resume() {
        for (reader, piece) in readers { reader.resume(returning: .success(piece)) }
    }
}

/// What became of a piece of audio.
package enum PieceTaken: Sendable {
    /// All is well.
    case taken
    /// There is more than a segment may have.
    case tooMuch
    /// It is not what was made the first time, of which somebody has had some.
    case different
}

extension SegmentSink {
    /// An instance has taken the segment.
    package func start() { start(shared: nil) }

    /// Adds a piece, as above. The caller holds no lock.
    package func append(_ chunk: PCM) -> PieceTaken {
        var resumed = ResumedReaders()
        let taken = append(chunk, resumed: &resumed)
        resumed.resume()
        return taken
    }

    /// All audio is here.
    package func finish() { finish(nothingToSay: false) }
}
