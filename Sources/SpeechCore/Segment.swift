/// A piece of an utterance: the unit of scheduling and retry.
package struct Segment: Sendable, Hashable {
    /// The id of the utterance it belongs to: the client's own word, which another may use as well.
    package var utteranceID: String
    /// The number of its utterance, which no other has.
    package var utterance: UInt64
    /// Its place in the utterance, from 0.
    package var index: Int
    /// The engine that speaks it.
    package var engine: String
    /// What to say; not empty.
    package var text: String
    /// A voice that the engine knows; `nil` leaves the choice to the engine.
    package var voice: String?
    /// Engine options, sent as `synthesize.context`.
    package var context: [String: JSONValue]
    /// Who is charged.
    package var tenant: String
    /// How urgent it is.
    package var priority: Priority
    /// How much there is to say: about so many Latin letters take as long.
    package var weight: Int
    /// The weight of all that follows it in its utterance.
    package var laterWeight: Int
    /// How many segments follow it in its utterance.
    package var laterCount: Int
    /// How many of those are submitted as soon as this one is admitted, as far as one knows.
    package var laterAtOnce: Int
    /// How long the audio lasts that came from elsewhere between the utterance's last segment that was run and this.
    package var audioBefore: Duration
    /// How fast it is listened to; `nil` if nobody said.
    package var playback: Playback?
    /// When nobody wants it any more.
    package var deadline: ContinuousClock.Instant?
    /// What may be shared with others.
    package var caching: Caching

    package init(
        utteranceID: String,
        utterance: UInt64 = 0,
        index: Int,
        engine: String,
        text: String,
        voice: String? = nil,
        context: [String: JSONValue] = [:],
        tenant: String = Utterance.anonymousTenant,
        priority: Priority = .standard,
        weight: Int = 1,
        laterWeight: Int = 0,
        laterCount: Int = 0,
        laterAtOnce: Int = 0,
        audioBefore: Duration = .zero,
        playback: Playback? = nil,
        deadline: ContinuousClock.Instant? = nil,
        caching: Caching = Caching()
    ) {
        self.utteranceID = utteranceID
        self.utterance = utterance
        self.index = index
        self.engine = engine
        self.text = text
        self.voice = voice
        self.context = context
        self.tenant = tenant
        self.priority = priority
        self.weight = weight
        self.laterWeight = laterWeight
        self.laterCount = laterCount
        self.laterAtOnce = laterAtOnce
        self.audioBefore = audioBefore
        self.playback = playback
        self.deadline = deadline
        self.caching = caching
    }
}

extension Segment {
    /// Whether it says what its audio is to be drawn from, so that it sounds the same each time.
    package var hasSeed: Bool {
        if case .integer(let seed)? = context["seed"] { seed >= 0 } else { false }
    }
}
