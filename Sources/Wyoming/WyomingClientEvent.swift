package import NIOCore
package import SpeechCore

/// What a client says to a service.
package enum WyomingClientEvent: WyomingEvent {
    /// Asks for the service's `info`.
    case describe
    /// Asks for speech.
    case synthesize(WyomingSynthesize)
    /// Asks for a `pong` with the same text.
    case ping(text: String?)
    /// The user event `chorus.voice`: asks for the speaker that a recipe makes. The service answers with a user event
    /// of the same name, whose data has the `speaker`, or with `error`.
    case makeVoice(VoiceRecipe)
    /// Something outside of the protocol; Chorus's own names begin with `chorus.`.
    case userEvent(name: String, data: [String: JSONValue])
    /// An event that means nothing to us. It can be skipped.
    case other(type: String)

    /// The name of the user event that ends the connection's jobs.
    package static let cancelName = "chorus.cancel"
    /// The name of the user events about making a voice.
    package static let voiceName = "chorus.voice"
    /// Asks for the memory that no job needs. A worker that knows it answers with `chorus.memory`.
    package static let release = WyomingClientEvent.userEvent(name: "chorus.release", data: [:])
    /// Ends the connection's jobs. A worker that knows it answers each with `audio-stop` or `error`.
    package static let cancel = WyomingClientEvent.userEvent(name: cancelName, data: [:])

    /// See `WyomingEvent`.
    package init(_ frame: WyomingFrame) throws(WyomingError) {
        switch frame.type {
        case "describe": self = .describe
        case "synthesize": self = .synthesize(try frame.decodeData(WyomingSynthesize.self))
        case "ping": self = .ping(text: try frame.decodeData(WireText.self).text)
        case "user-event":
            let event = try WireUserEvent(frame)
            let data = event.data ?? [:]
            self =
                event.name == Self.voiceName
                ? .makeVoice(try VoiceRecipe(wyoming: data, payload: frame.payload))
                : .userEvent(name: event.name, data: data)
        default: self = .other(type: frame.type)
        }
    }

    /// See `WyomingEvent`.
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .describe: buffer.writeWyoming(type: "describe")
        case .synthesize(let job): job.encodeWyoming(into: &buffer)
        case .ping(let text): buffer.writeWyoming(type: "ping", data: WireText(text: text))
        case .makeVoice(let recipe): recipe.encodeWyoming(into: &buffer)
        case .userEvent(let name, let data): buffer.writeWyoming(type: "user-event", data: WireUserEvent(name, data))
        case .other(let type): buffer.writeWyoming(type: type)
        }
    }
}
