import SpeechCore

/// A part of a segment and the voice that speaks it.
package struct VoiceSpan: Sendable, Equatable {
    /// How many Unicode scalars of the segment's text it is.
    package var length: Int
    /// A voice of the engine.
    package var voice: String

    /// As it stands in `synthesize.context.spans`.
    var json: JSONValue { .object(["length": .integer(length), "voice": .string(voice)]) }
}
