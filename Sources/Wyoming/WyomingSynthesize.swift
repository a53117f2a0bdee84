import NIOCore
package import SpeechCore

/// A client's `synthesize`: one job.
package struct WyomingSynthesize: Sendable, Equatable {
    /// How a client names a voice. A name goes before a language.
    package struct VoiceChoice: Sendable, Equatable, Decodable {
        /// A voice's name, as in the service's info.
        package var name: String?
        /// A language that the voice shall speak.
        package var language: String?
        /// One of the voice's speakers, if it has several.
        package var speaker: String?

        package init(name: String? = nil, language: String? = nil, speaker: String? = nil) {
            self.name = name
            self.language = language
            self.speaker = speaker
        }
    }

    /// What to say.
    package var text: String
    /// `nil` leaves the choice to the service.
    package var voice: VoiceChoice?
    /// Options of the engine.
    package var context: [String: JSONValue]

    package init(text: String, voice: VoiceChoice? = nil, context: [String: JSONValue] = [:]) {
        self.text = text
        self.voice = voice
        self.context = context
    }
}

extension WyomingSynthesize: Decodable {
    private enum CodingKeys: String, CodingKey {
        case text, voice, context
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        text = try container.decode(String.self, forKey: .text)
        voice = try container.decodeIfPresent(VoiceChoice.self, forKey: .voice)
        context = try container.decodeIfPresent([String: JSONValue].self, forKey: .context) ?? [:]
    }
}

extension WyomingSynthesize {
    /// Appends the job's frame.
    func encodeWyoming(into buffer: inout ByteBuffer) {
        var members: [String: JSONValue] = ["text": .string(text)]
        if !context.isEmpty { members["context"] = .object(context) }
        if let voice {
            let parts = ["name": voice.name, "language": voice.language, "speaker": voice.speaker]
            members["voice"] = .object(parts.compactMapValues { $0.map { .string($0) } })
        }
        var json = ByteBuffer()
        json.writeJSON(object: members)
        buffer.writeWyoming(type: "synthesize", json: json)
    }
}
