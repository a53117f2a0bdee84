import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import SpeechCore

/// Voices: those that there are, and those that callers make. Made ones have the shape of OpenAI's custom voices.
extension SpeechAPI {
    private struct OfferedVoices: Encodable {
        struct Voice: Encodable {
            var id: String
            /// The same again: clients want something to show.
            var name: String
            var languages: [String]
            var description: String?
            var aliasOf: String?
            /// `true`, or not there.
            var made: Bool?
            var createdAt: Int?

            enum CodingKeys: String, CodingKey {
                case id, name, languages, description, made
                case aliasOf = "alias_of"
                case createdAt = "created_at"
            }
        }

        var voices: [Voice]
    }

    private struct NewVoice: Encodable {
        var id: String
        var object = "audio.voice"
        var name: String
        var description: String?
        var createdAt: Int?

        enum CodingKeys: String, CodingKey {
            case id, object, name, description
            case createdAt = "created_at"
        }
    }

    private struct DeletedVoice: Encodable {
        var id: String
        var object = "audio.voice"
        var deleted = true
    }

    /// `GET /v1/audio/voices`, for the default model or for `?model=`.
    func voices(query: Substring) throws -> Page {
        let voices = try synthesizer.voices(model: Self.model(in: query)).map { offered in
            OfferedVoices.Voice(
                id: offered.voice.name,
                name: offered.voice.name,
                languages: offered.voice.languages,
                description: offered.voice.description,
                aliasOf: offered.aliasOf,
                made: offered.madeAt.map { _ in true },
                createdAt: offered.madeAt
            )
        }
        return try Page(json: OfferedVoices(voices: voices))
    }

    /// `POST /v1/audio/voices`. Few at a time: recordings are big, and so is what is made of them.
    func makeVoice(_ request: Request, on channel: any Channel, in exchange: Exchange) async throws -> Page {
        defer { voicePlaces.giveBack() }
        guard voicePlaces.take() <= limits.maxVoiceRequests else {
            throw SpeechError(
                .queueFull,
                "\(limits.maxVoiceRequests) voices are being made, which is the limit. Try again soon.",
                retryAfter: .seconds(1)
            )
        }
        let asked = try await voiceRequest(request, on: channel)
        try admit(exchange, characters: 0)
        let key = exchange.holder?.key
        let (tenant, priority) = (key?.name ?? Utterance.anonymousTenant, key?.defaultPriority ?? .interactive)
        // To keep it takes the disk's time.
        let offered = try await withTaskExecutorPreference(encodingExecutor) {
            try await whileConnected(exchange.connection) {
                try await synthesizer.makeVoice(
                    named: asked.name,
                    model: asked.model,
                    from: asked.recipe,
                    description: asked.description,
                    tenant: tenant,
                    priority: priority
                )
            }
        }
        let (voice, madeAt) = (offered.voice, offered.madeAt)
        return try Page(
            json: NewVoice(id: voice.name, name: voice.name, description: voice.description, createdAt: madeAt)
        )
    }

    /// `DELETE /v1/audio/voices/{name}`, of the default model's engine or of that of `?model=`.
    func deleteVoice(_ name: String, query: Substring) async throws -> Page {
        do {
            try await withTaskExecutorPreference(encodingExecutor) {
                try synthesizer.deleteVoice(named: name, model: Self.model(in: query))
            }
        } catch let error as SpeechError where error.code == .voiceNotFound {
            // Where a voice is the place itself, and not a field, it is the place that is not there.
            var told = APIError(error)
            told.status = .notFound
            throw told
        }
        return try Page(json: DeletedVoice(id: name))
    }

    /// Does some work, and cancels it when the client leaves before it is done.
    private func whileConnected<Result: Sendable>(
        _ connection: Connection,
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let (left, end) = AsyncStream<Never>.makeStream()
        connection.whenOver { end.finish() }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await work() }
            group.addTask {
                for await _ in left {}
                return nil
            }
            guard let result = try await group.next() ?? nil else { throw SpeechError.cancelled }
            return result
        }
    }

    /// Reads the body, which may take long, elsewhere.
    private func voiceRequest(_ request: Request, on channel: any Channel) async throws -> VoiceRequest {
        let body = try await body(of: request, on: channel).readableBytesView
        let contentType = request.headers[.contentType].flatMap { ParameterizedValue($0.utf8) }
        return try await withTaskExecutorPreference(encodingExecutor) {
            guard contentType?.value == "multipart/form-data" else { return try VoiceRequest(json: Data(body)) }
            return try VoiceRequest(form: Array(body), boundary: contentType?.parameters["boundary"] ?? "")
        }
    }

    private static func model(in query: Substring) -> String? {
        let parameters = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        return parameters.first { $0.count == 2 && $0[0] == "model" }?[1].percentDecoded
    }
}
