import HTTPTypes
import NIOCore

/// What a request is answered with.
enum Answer {
    /// Something that is here as a whole.
    case page(Page)
    /// Speech that is sent as it is made.
    case speech(SpeechAnswer)
}

/// A response that is here as a whole.
struct Page {
    /// Its status.
    var status: HTTPResponse.Status = .ok
    /// Its header, but for what every response has.
    var fields = HTTPFields()
    /// All of its body.
    var body = ByteBuffer()

    /// Something of any media type.
    init(_ contentType: String, _ body: ByteBuffer) {
        fields[.contentType] = contentType
        fields[.contentLength] = String(body.readableBytes)
        self.body = body
    }

    /// An answer to `OPTIONS`.
    init(allowing methods: [HTTPRequest.Method]) {
        status = .noContent
        allow(methods)
    }

    /// A JSON document.
    init(status: HTTPResponse.Status = .ok, json value: some Encodable) throws {
        self.init("application/json", ByteBuffer(bytes: try JSONBody.encode(value)))
        self.status = status
    }

    /// Trouble.
    init(_ error: APIError) throws {
        try self.init(status: error.status, json: ErrorBody(error))
        if let seconds = error.retryAfterSeconds { fields[.retryAfter] = String(seconds) }
        if !error.allow.isEmpty { allow(error.allow) }
        if error.status == .unsupportedMediaType { fields[.acceptEncoding] = "identity" }
        if error.status == .unauthorized { fields[.wwwAuthenticate] = "Bearer" }
    }

    private mutating func allow(_ methods: [HTTPRequest.Method]) {
        fields[.allow] = methods.map(\.rawValue).joined(separator: ", ")
    }
}

/// Speech that is sent as it is made.
struct SpeechAnswer {
    /// What was asked.
    var request: SpeechRequest
    /// Its header, but for what every response has.
    var fields: HTTPFields
    /// The first bytes, which are here already; `nil` when there was nothing to say.
    var first: [UInt8]?
    /// The rest.
    var speech: EncodedSpeech
    /// Whether the client reads fields that come after the body.
    var takesTrailers: Bool
}
