import SpeechCore

/// What can be asked for as `model`.
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
}
