/// What one client asked for: a text and how to speak it. How it is encoded is the client's side of the house.
package struct Utterance: Sendable {
    /// The request's id, as in `X-Request-Id`.
    package var id: String
    /// An engine's name or an alias of one; `nil` is the default engine.
    package var model: String?
    /// The text to speak; not empty.
    package var text: String
    /// A voice's name, an OpenAI voice name, `auto`, or `nil`, which means `auto`.
    package var voice: String?
    /// Passed to the engine as `synthesize.context`.
    package var engineOptions: [String: JSONValue]
    /// Who is charged.
    package var tenant: String
    /// How urgent it is.
    package var priority: Priority
    /// How fast it is listened to; `nil` if nobody said. Then it may be played while it arrives, but had better come
    /// with gaps than not at all.
    package var playback: Playback?
    /// When nobody wants what is not there yet.
    package var deadline: ContinuousClock.Instant?
    /// What may be shared with others.
    package var caching: Caching

    /// The tenant of callers who do not say who they are.
    package static let anonymousTenant = "anonymous"

    package init(
        id: String,
        model: String? = nil,
        text: String,
        voice: String? = nil,
        engineOptions: [String: JSONValue] = [:],
        tenant: String = Utterance.anonymousTenant,
        priority: Priority = .standard,
        playback: Playback? = nil,
        deadline: ContinuousClock.Instant? = nil,
        caching: Caching = Caching()
    ) {
        self.id = id
        self.model = model
        self.text = text
        self.voice = voice
        self.engineOptions = engineOptions
        self.tenant = tenant
        self.priority = priority
        self.playback = playback
        self.deadline = deadline
        self.caching = caching
    }
}
