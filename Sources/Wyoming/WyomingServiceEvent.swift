package import NIOCore
package import SpeechCore

/// What a service says to its client.
package enum WyomingServiceEvent: WyomingEvent {
    /// The answer to `describe`.
    case info(WyomingInfo)
    /// A job's audio begins.
    case audioStart(AudioShape)
    /// A piece of a job's audio, averaged to mono.
    case audioChunk(PCM)
    /// The job is done.
    case audioStop
    /// The job failed.
    case error(text: String, code: WyomingErrorCode)
    /// The answer to `ping`, with its text.
    case pong(text: String?)
    /// Something outside of the protocol; Chorus's own names begin with `chorus.`.
    case userEvent(name: String, data: [String: JSONValue])
    /// An event that means nothing to us. It can be skipped.
    case other(type: String)

    /// The name of the user event with a remark on a job's text for whoever sent it; its data has the `text`.
    package static let noteName = "chorus.note"
    /// The name of the user event by which a worker says that its work has moved.
    package static let progressName = "chorus.progress"
    /// The name of the user event that says how much memory the worker uses.
    package static let memoryName = "chorus.memory"

    /// See `WyomingEvent`.
    package init(_ frame: WyomingFrame) throws(WyomingError) {
        switch frame.type {
        case "audio-chunk": self = .audioChunk(try AudioShape(frame).audio(in: frame.payload))
        case "audio-start": self = .audioStart(try AudioShape(frame))
        case "audio-stop": self = .audioStop
        case "info": self = .info(try frame.decodeData(WyomingInfo.self))
        case "error":
            let failure = try frame.decodeData(WireFailure.self)
            self = .error(text: failure.text, code: failure.code ?? .internal)
        case "pong": self = .pong(text: try frame.decodeData(WireText.self).text)
        case "user-event":
            let event = try WireUserEvent(frame)
            self = .userEvent(name: event.name, data: event.data ?? [:])
        default: self = .other(type: frame.type)
        }
    }

    /// See `WyomingEvent`.
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .audioChunk(let audio): AudioShape.encodeChunk(audio, into: &buffer)
        case .audioStart(let shape): shape.encodeStart(into: &buffer)
        case .audioStop: buffer.writeWyoming(type: "audio-stop")
        case .info(let info): buffer.writeWyoming(type: "info", data: info)
        case .error(let text, let code):
            buffer.writeWyoming(type: "error", data: WireFailure(text: text, code: code))
        case .pong(let text): buffer.writeWyoming(type: "pong", data: WireText(text: text))
        case .userEvent(let name, let data): buffer.writeWyoming(type: "user-event", data: WireUserEvent(name, data))
        case .other(let type): buffer.writeWyoming(type: type)
        }
    }

    private struct WireFailure: Codable {
        var text: String
        var code: WyomingErrorCode?
    }
}
