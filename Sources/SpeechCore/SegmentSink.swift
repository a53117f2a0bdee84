/// Where the audio of a segment goes while it is made.
///
/// One producer calls it, one call after the other, from any thread. No call waits, and no call but `admitted` comes
/// back to the producer.
package protocol SegmentSink: AnyObject, Sendable {
    /// The segment has a place: it is queued, or its audio comes from elsewhere. What follows it in its utterance is
    /// not refused from now on, and may be submitted before this returns. May be told more than once.
    func admitted()

    /// It begins now.
    /// - Parameter shared: where it comes from, if nothing is run for this segment alone.
    func start(shared: SegmentTiming.Shared?)

    /// Adds a piece. Ignored after the end.
    /// - Returns: what became of it; unless it was taken, the segment should be failed.
    func append(_ chunk: PCM) -> PieceTaken

    /// Adds a remark for the caller, such as what of the text cannot be spoken. Ignored after the end.
    func note(_ text: String)

    /// All audio is here.
    /// - Parameter nothingToSay: there is none, because nothing of the text can be spoken.
    func finish(nothingToSay: Bool)

    /// No more audio will come, because of this. Pieces that are here already can still be read.
    func fail(_ error: SpeechError)

    /// Whether it could be made again from its beginning, as far as this reader is concerned.
    func mayRestart(isRepeatable: Bool) -> Bool

    /// Forgets what has arrived, so that the segment can be made again from its beginning.
    /// - Parameter isRepeatable: it will be the same again. Of that, what somebody has had already is then left out,
    ///   and has to be what it was.
    /// - Returns: `false` when somebody has had some of it already and it is not repeatable, or it has ended.
    func restart(isRepeatable: Bool) -> Bool
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

    /// All audio is here.
    package func finish() { finish(nothingToSay: false) }
}
