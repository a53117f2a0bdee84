/// What a worker says of itself in the `chorus` object of its `info`. Plain Wyoming services say nothing.
package struct WorkerTraits: Sendable, Hashable, Codable {
    /// Slots of one worker, at the most: each is a connection of ours.
    package static let maxSlots = 256

    /// Jobs that it can do at once; from 1 to `maxSlots`.
    package var slots: Int
    /// Whether it understands the user event `chorus.cancel`.
    package var cancel: Bool
    /// Whether the same text, voice and context always give the same samples.
    package var deterministic: Bool
    /// Whether it understands the user event `chorus.voice`.
    package var makeVoice: Bool
    /// Whether it speaks each of a job's `spans` in the voice that the span names.
    package var spans: Bool

    private enum CodingKeys: String, CodingKey {
        case slots, cancel, deterministic, spans
        case makeVoice = "make_voice"
    }

    /// What a plain service is, unless more is said.
    package init(
        slots: Int = 1,
        cancel: Bool = false,
        deterministic: Bool = false,
        makeVoice: Bool = false,
        spans: Bool = false
    ) {
        precondition((1...Self.maxSlots).contains(slots), "a legal number of slots")
        self.slots = slots
        self.cancel = cancel
        self.deterministic = deterministic
        self.makeVoice = makeVoice
        self.spans = spans
    }

    /// Reads the `chorus` object; what it leaves out is as in a plain service.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        slots = try container.decodeIfPresent(Int.self, forKey: .slots) ?? 1
        cancel = try container.decodeIfPresent(Bool.self, forKey: .cancel) ?? false
        deterministic = try container.decodeIfPresent(Bool.self, forKey: .deterministic) ?? false
        makeVoice = try container.decodeIfPresent(Bool.self, forKey: .makeVoice) ?? false
        spans = try container.decodeIfPresent(Bool.self, forKey: .spans) ?? false
        guard (1...Self.maxSlots).contains(slots) else {
            throw DecodingError.dataCorruptedError(forKey: .slots, in: container, debugDescription: "out of range")
        }
    }
}
