import FoundationEssentials
import SpeechCore

/// The fields of a request for a new voice as they arrived: of the right types, but with any values. Empty ones count
/// as missing: forms send those that nobody filled in.
struct VoiceRequestFields: Decodable {
    enum Key: String, CodingKey {
        case name, model, description, seed, text
        case speakerCode = "speaker_code"
        case audioSample = "audio_sample"
    }

    var name: String?
    var model: String?
    var description: String?
    var seed: Int?
    var speakerCode: String?
    /// A file, as it was sent.
    var audioSample: ArraySlice<UInt8>?
    var text: String?

    /// - Throws: `invalidRequest`, with the field to blame in `param`.
    init(parts: [MultipartForm.Part]) throws(SpeechError) {
        name = try Self.text(.name, in: parts)
        model = try Self.text(.model, in: parts)
        description = try Self.text(.description, in: parts)
        if let seed = try Self.text(.seed, in: parts) {
            guard let seed = Int(seed) else { throw .invalid("`seed` must be an integer.", param: "seed") }
            self.seed = seed
        }
        speakerCode = try Self.text(.speakerCode, in: parts)
        audioSample = try Self.bytes(.audioSample, in: parts)
        text = try Self.text(.text, in: parts)
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        name = try fields.text(.name)
        model = try fields.text(.model)
        description = try fields.text(.description)
        seed = try fields.field(.seed, expected: "an integer")
        speakerCode = try fields.text(.speakerCode)
        text = try fields.text(.text)
        guard !fields.contains(.audioSample) else {
            throw SpeechError.invalid(
                "`audio_sample` is a file: send it, and the other fields, as multipart/form-data.",
                param: "audio_sample"
            )
        }
    }

    private static func bytes(_ key: Key, in parts: [MultipartForm.Part]) throws(SpeechError) -> ArraySlice<UInt8>? {
        let parts = parts.filter { $0.name == key.rawValue }
        guard parts.count <= 1 else {
            throw .invalid("`\(key.rawValue)` is there \(parts.count) times.", param: key.rawValue)
        }
        return parts.first.flatMap { $0.body.isEmpty ? nil : $0.body }
    }

    private static func text(_ key: Key, in parts: [MultipartForm.Part]) throws(SpeechError) -> String? {
        guard let bytes = try bytes(key, in: parts) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid("`\(key.rawValue)` is not UTF-8.", param: key.rawValue)
        }
        return text
    }
}

extension KeyedDecodingContainer<VoiceRequestFields.Key> {
    fileprivate func text(_ key: Key) throws(SpeechError) -> String? {
        guard let text: String = try field(key, expected: "a string"), !text.isEmpty else { return nil }
        return text
    }
}
