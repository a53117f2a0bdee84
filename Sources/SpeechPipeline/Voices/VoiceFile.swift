import FoundationEssentials
import SpeechCore

/// What a made voice's file holds. Its name is the file's.
struct VoiceFile: Codable {
    /// The format that is written, and the only one that is read so far.
    static let version = 1
    /// Bytes of a speaker as JSON at the most. A code is some hundred bytes, an embedding a few thousand.
    static let maxSpeakerBytes = 64 << 10
    /// Bytes of a file at the most: room for the speaker and the rest.
    static let maxBytes = maxSpeakerBytes + (16 << 10)

    var version = Self.version
    var description: String?
    var createdAt: Int
    var speaker: [String: JSONValue]

    enum CodingKeys: String, CodingKey {
        case version, description, speaker
        case createdAt = "created_at"
    }

    /// What comes before everything else is understood.
    private struct Version: Decodable {
        var version: Int
    }

    /// The bytes of a voice's file.
    /// - Throws: `engineFailed` when the engine made a speaker that cannot be kept.
    static func bytes(of voice: MadeVoice) throws(SpeechError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let file = VoiceFile(description: voice.description, createdAt: voice.createdAt, speaker: voice.speaker)
        guard let speaker = try? encoder.encode(voice.speaker), let bytes = try? encoder.encode(file) else {
            throw SpeechError(.engineFailed, "The engine made a speaker that cannot be written as JSON.")
        }
        guard speaker.count <= maxSpeakerBytes, bytes.count <= maxBytes else {
            throw SpeechError(
                .engineFailed,
                "The engine made a speaker of \(speaker.count) bytes; \(maxSpeakerBytes) may be kept."
            )
        }
        return Array(bytes)
    }

    /// The voice in a file.
    static func voice(named name: String, in bytes: [UInt8]) throws(VoiceFileError) -> MadeVoice {
        let (data, decoder) = (Data(bytes), JSONDecoder())
        guard let found = try? decoder.decode(Version.self, from: data).version else {
            throw VoiceFileError("it is not a voice's file")
        }
        guard found == version else {
            throw VoiceFileError("its format is \(found), and only \(version) is known here")
        }
        guard let file = try? decoder.decode(VoiceFile.self, from: data) else {
            throw VoiceFileError("it is not a whole voice's file")
        }
        return MadeVoice(name: name, description: file.description, createdAt: file.createdAt, speaker: file.speaker)
    }
}
