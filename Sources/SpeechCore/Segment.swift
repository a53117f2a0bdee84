/// A piece of an utterance: the unit of scheduling and retry.
package struct Segment: Sendable, Hashable {
    /// The id of the utterance it belongs to.
    package var utteranceID: String
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

    package init(
        utteranceID: String,
        index: Int,
        engine: String,
        text: String,
        voice: String? = nil,
        context: [String: JSONValue] = [:],
        tenant: String = Utterance.anonymousTenant,
        priority: Priority = .standard,
        weight: Int = 1
    ) {
        self.utteranceID = utteranceID
        self.index = index
        self.engine = engine
        self.text = text
        self.voice = voice
        self.context = context
        self.tenant = tenant
        self.priority = priority
        self.weight = weight
    }
}
