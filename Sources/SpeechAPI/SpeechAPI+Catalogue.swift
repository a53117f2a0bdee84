import SpeechCore

/// What can be asked for: models and voices.
extension SpeechAPI {
    private struct Model: Encodable {
        var id: String
        var object = "model"
        var created: Int
        var ownedBy = "chorus"

        enum CodingKeys: String, CodingKey {
            case id, object, created
            case ownedBy = "owned_by"
        }
    }

    private struct ModelList: Encodable {
        var object = "list"
        var data: [Model]
    }

    private struct OfferedVoices: Encodable {
        struct Voice: Encodable {
            var id: String
            /// The same again: clients want something to show.
            var name: String
            var languages: [String]
            var description: String?
            var aliasOf: String?

            enum CodingKeys: String, CodingKey {
                case id, name, languages, description
                case aliasOf = "alias_of"
            }
        }

        var voices: [Voice]
    }

    /// `GET /v1/models`
    func models() throws -> Page {
        try Page(json: ModelList(data: synthesizer.models.map { Model(id: $0.id, created: startedAt) }))
    }

    /// `GET /v1/models/{id}`
    func model(_ id: String) throws -> Page {
        let models = synthesizer.models
        guard models.contains(where: { $0.id == id }) else {
            let names = models.map { "`\($0.id)`" }.joined(separator: ", ")
            throw SpeechError(.modelNotFound, "There is no model `\(id.prefix(128))`, only \(names).")
        }
        return try Page(json: Model(id: id, created: startedAt))
    }

    /// `GET /v1/audio/voices`, for the default model or for `?model=`.
    func voices(query: Substring) throws -> Page {
        let parameters = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        let model = parameters.first { $0.count == 2 && $0[0] == "model" }?[1].percentDecoded
        let voices = try synthesizer.voices(model: model).map { offered in
            OfferedVoices.Voice(
                id: offered.voice.name,
                name: offered.voice.name,
                languages: offered.voice.languages,
                description: offered.voice.description,
                aliasOf: offered.aliasOf
            )
        }
        return try Page(json: OfferedVoices(voices: voices))
    }
}
