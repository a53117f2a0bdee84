import NIOCore
import SpeechCore

/// A recipe as the user event `chorus.voice`. Its data has a `seed`, or a `code`, or the `sample_rate` of a recording
/// and the `text` that is said in it; the recording is the payload, 16-bit samples.
extension VoiceRecipe {
    init(wyoming data: [String: JSONValue], payload: ByteBuffer?) throws(WyomingError) {
        switch (data["seed"], data["code"], data["sample_rate"], data["text"]) {
        case (.integer(let seed)?, nil, nil, nil): self = .seed(seed)
        case (nil, .string(let code)?, nil, nil): self = .code(code)
        case (nil, nil, .integer(let sampleRate)?, .string(let text)?):
            let shape = try AudioShape(mono: sampleRate)
            self = .recording(try shape.audio(in: payload), text: text)
        default: throw WyomingError("a voice is made from a seed, a code, or a recording and its text")
        }
    }

    func encodeWyoming(into buffer: inout ByteBuffer) {
        var payload = ByteBuffer()
        let data: [String: JSONValue]
        switch self {
        case .seed(let seed): data = ["seed": .integer(seed)]
        case .code(let code): data = ["code": .string(code)]
        case .recording(let audio, let text):
            data = ["sample_rate": .integer(audio.sampleRate), "text": .string(text)]
            _ = audio.samples.withUnsafeBytes { payload.writeBytes($0) }
        }
        let event = WireUserEvent(WyomingClientEvent.voiceName, data)
        buffer.writeWyoming(type: "user-event", data: event, payload: payload)
    }
}
