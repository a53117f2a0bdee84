import SpeechCore

/// All that was decided about an utterance when it came in.
struct UtterancePlan: Sendable {
    var utterance: Utterance
    /// What no other utterance has.
    var number: UInt64
    /// The name of the engine that speaks it.
    var engine: String
    var segments: [TextSegment]
    /// How much there is to say in each segment, and in all that follow it.
    let weights: [(own: Int, later: Int)]
    var voices: VoiceBook
    var voice: VoiceChoice
    /// Silence between segments.
    var gap: Duration
    /// Segments that may be outstanding at once, the one that is read among them; at least 1.
    var window: Int
    /// Segments that all utterances together may have outstanding before their turn.
    var lookaheadLimit: Int

    init(
        utterance: Utterance,
        number: UInt64,
        engine: String,
        segments: [TextSegment],
        voices: VoiceBook,
        voice: VoiceChoice,
        gap: Duration,
        window: Int,
        lookaheadLimit: Int
    ) {
        self.utterance = utterance
        self.number = number
        self.engine = engine
        self.segments = segments
        self.voices = voices
        self.voice = voice
        self.gap = gap
        self.window = window
        self.lookaheadLimit = lookaheadLimit
        var weights: [(own: Int, later: Int)] = []
        var later = 0
        for segment in segments.reversed() {
            let own = segment.text.unicodeScalars.reduce(0) { $0 + SpeechWeight.of($1) }
            weights.append((own, later))
            later += own
        }
        self.weights = weights.reversed()
    }

    /// The job for a segment.
    /// - Parameter audioBefore: how long the audio lasts that was there already, between the last segment that was run
    ///   and this.
    func segment(_ index: Int, audioBefore: Duration) -> Segment {
        var context = utterance.engineOptions
        if case .made(let voice) = voice { context["speaker"] = .object(voice.speaker) }
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
            weight: weights[index].own,
            laterWeight: weights[index].later,
            audioBefore: audioBefore,
            playback: utterance.playback,
            deadline: utterance.deadline,
            caching: utterance.caching
        )
    }
}
