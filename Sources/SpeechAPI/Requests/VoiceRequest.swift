import AudioEncoding
import FoundationEssentials
import SpeechCore

/// What a client asked of `POST /v1/audio/voices`: checked, but for the name, whose meaning others know.
struct VoiceRequest: Equatable {
    /// Characters (Unicode code points) of a description.
    static let maxDescriptionCharacters = 1_000
    /// Bytes of a speaker's code.
    static let maxSpeakerCodeBytes = 64 << 10
    /// Characters (Unicode code points) of what is said in a recording, which is half a minute at the most.
    static let maxTextCharacters = 2_000

    /// What the voice is to be called.
    var name: String
    /// An engine's name or an alias; `nil` is the default engine.
    var model: String?
    /// A line for people.
    var description: String?
    /// What it is to be made from.
    var recipe: VoiceRecipe

    /// Reads a body of JSON. Unknown fields are ignored, and so are fields that are `null`.
    /// - Throws: `invalidRequest`, with the field to blame in `param`.
    init(json body: Data) throws(SpeechError) {
        let example = #"{"name": "amy", "seed": 7}"#
        try self.init(RequestBody.decode(VoiceRequestFields.self, from: body, example: example))
    }

    /// Reads a body of `multipart/form-data`. Unknown fields are ignored.
    /// - Throws: `invalidRequest`, with the field to blame in `param`.
    init(form body: [UInt8], boundary: String) throws(SpeechError) {
        try self.init(VoiceRequestFields(parts: MultipartForm.parts(of: body, boundary: boundary)))
    }

    private init(_ fields: VoiceRequestFields) throws(SpeechError) {
        guard let name = fields.name else {
            throw .invalid("`name` is missing: say what to call the voice.", param: "name")
        }
        let limit = Self.maxDescriptionCharacters
        guard (fields.description?.unicodeScalars.count ?? 0) <= limit else {
            throw .invalid("`description` is longer than \(limit) characters.", param: "description")
        }
        self.name = name
        model = fields.model
        description = fields.description
        recipe = try Self.recipe(fields)
    }

    private static func recipe(_ fields: VoiceRequestFields) throws(SpeechError) -> VoiceRecipe {
        switch (fields.seed, fields.speakerCode, fields.audioSample) {
        case (let seed?, nil, nil): return .seed(seed)
        case (nil, let code?, nil):
            guard code.utf8.count <= maxSpeakerCodeBytes else {
                throw .invalid("`speaker_code` is longer than \(maxSpeakerCodeBytes) bytes.", param: "speaker_code")
            }
            return .code(code)
        case (nil, nil, let file?): return .recording(try pcm(file), text: try text(fields.text))
        case (nil, nil, nil):
            throw .invalid("Say what to make the voice from: `seed`, `speaker_code` or `audio_sample`.", param: "seed")
        case (_, _, let sample):
            throw .invalid(
                "A voice is made from exactly one of `seed`, `speaker_code` and `audio_sample`: leave the others out.",
                param: sample == nil ? "speaker_code" : "audio_sample"
            )
        }
    }

    private static func pcm(_ file: ArraySlice<UInt8>) throws(SpeechError) -> PCM {
        do {
            return try WAVReader.read(file)
        } catch {
            throw .invalid(error.message, param: "audio_sample")
        }
    }

    private static func text(_ text: String?) throws(SpeechError) -> String {
        guard let text, text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw .invalid("`text` is missing: say what is spoken in the recording.", param: "text")
        }
        guard text.unicodeScalars.count <= maxTextCharacters else {
            throw .invalid("`text` is longer than \(maxTextCharacters) characters.", param: "text")
        }
        return text
    }
}
