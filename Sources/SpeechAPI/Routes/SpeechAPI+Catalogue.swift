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
        /// The same for Open WebUI, which asks at another place for another name.
        var models: [Model]?
    }

    /// `GET /v1/models`
    func models() throws -> Page { try Page(json: ModelList(data: list)) }

    /// `GET /v1/audio/models`
    func audioModels() throws -> Page { try Page(json: ModelList(data: list, models: list)) }

    private var list: [Model] { synthesizer.models.map { Model(id: $0.id, created: startedAt) } }

    /// `GET /v1/models/{id}`
    func model(_ id: String) throws -> Page {
        let models = synthesizer.models
        let undated = SpeechModel.undated(id)
        guard models.contains(where: { $0.id == id || $0.id == undated && $0.id != $0.engine }) else {
            let names = models.map { "`\($0.id)`" }.joined(separator: ", ")
            throw SpeechError(.modelNotFound, "There is no model `\(id.prefix(128))`, only \(names).")
        }
        return try Page(json: Model(id: id, created: startedAt))
    }
}
