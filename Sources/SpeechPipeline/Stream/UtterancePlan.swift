import SpeechCore

/// All that was decided about an utterance when it came in.
struct UtterancePlan: Sendable {
    var utterance: Utterance
    /// What no other utterance has.
    var number: UInt64
    /// The name of the engine that speaks it.
    var engine: String
    var segments: [TextSegment]
    var voices: VoiceBook
    var voice: VoiceChoice
    /// Whether the engine can change its voice within a segment.
    var takesSpans: Bool
    /// Silence between segments.
    var gap: Duration
    /// Segments that may be outstanding at once, the one that is read among them; at least 1.
    var window: Int
    /// Segments that all utterances together may have outstanding before their turn.
    var lookaheadLimit: Int

    /// The job for a segment.
    /// - Parameters:
    ///   - audioBefore: how long the audio lasts that was there already, between the last segment that was run and
    ///   this.
    ///   - permits: how many segments may be submitted before their turn just now.
    func segment(_ index: Int, audioBefore: Duration, permits: Int) -> Segment {
        var context = utterance.engineOptions
        if case .made(let voice) = voice { context["speaker"] = .object(voice.speaker) }
        let spans = takesSpans ? voices.spans(voice, for: segments[index]) : []
        if !spans.isEmpty { context["spans"] = .array(spans.map(\.json)) }
        return Segment(
            utteranceID: utterance.id,
            utterance: number,
            index: index,
            engine: engine,
            text: segments[index].text,
            voice: voices.voice(voice, for: segments[index].script),
            context: context,
            tenant: utterance.tenant,
            priority: utterance.priority,
            weight: segments[index].weight,
            laterWeight: segments[(index + 1)...].reduce(0) { $0 + $1.weight },
            laterCount: segments.count - index - 1,
            laterAtOnce: UtteranceWindow.atOnce(later: segments.count - index - 1, width: window, permits: permits),
            audioBefore: audioBefore,
            playback: utterance.playback,
            deadline: utterance.deadline,
            caching: utterance.caching
        )
    }
}
