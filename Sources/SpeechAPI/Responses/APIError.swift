import HTTPTypes
import SpeechCore

/// Trouble as the HTTP surface tells it: a status and OpenAI's error object.
struct APIError: Error {
    /// The status of the response.
    var status: HTTPResponse.Status
    /// A word for programs, such as `model_not_found`.
    var code: String
    /// What was wrong and what to do.
    var message: String
    /// The field to blame, if one is.
    var param: String?
    /// When it makes sense to try again.
    var retryAfter: Duration?
    /// How long it would have waited, when that was the reason.
    var predictedWait: Duration?
    /// Which of several reasons for the same code it was, as a word for logs.
    var reason: String?
    /// What may be done at the path instead, when it was the method that was wrong.
    var allow: [HTTPRequest.Method] = []

    /// OpenAI's families of errors. Clients mostly go by the status.
    var type: String {
        switch status.code {
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// `Retry-After`, which knows whole seconds only.
    var retryAfterSeconds: Int64? {
        retryAfter.map { max(1, $0.components.seconds + ($0.components.attoseconds > 0 ? 1 : 0)) }
    }
}

extension APIError {
    /// The client has left. Nobody reads this status, except in logs and metrics.
    static let clientGone = HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")

    /// What the domain's trouble is in HTTP.
    init(_ error: SpeechError) {
        let status: HTTPResponse.Status =
            switch error.code {
            case .invalidRequest, .refusedByEngine, .voiceNotFound, .tooLarge: .badRequest
            case .modelNotFound, .notFound: .notFound
            case .quarantined: .unprocessableContent
            case .voiceConflict: .conflict
            case .tenantLimit: .tooManyRequests
            case .queueFull, .waitedTooLong, .overloaded, .memoryShort, .engineUnavailable, .instanceLost,
                .shuttingDown:
                .serviceUnavailable
            case .deadlineExceeded: .gatewayTimeout
            case .cancelled: Self.clientGone
            default: .internalServerError
            }
        let param: String? =
            switch error.code {
            case .modelNotFound: "model"
            case .voiceNotFound: "voice"
            case .tooLarge: "input"
            default: nil
            }
        self.init(
            status: status,
            code: error.code.description,
            message: error.message,
            param: error.param ?? param,
            retryAfter: error.retryAfter,
            predictedWait: error.predictedWait,
            reason: error.reason
        )
    }

    /// Nothing is at this path.
    static func noRoute(_ method: HTTPRequest.Method, _ path: Substring) -> APIError {
        let near = Route.near(path).map { "Do you mean \($0)? A base URL ends in /v1." }
        return APIError(
            status: .notFound,
            code: "route_not_found",
            message: "There is nothing at \(method) \(path.prefix(128)). "
                + (near ?? "Speech is at POST /v1/audio/speech.")
        )
    }

    /// Something is at this path, but not for this method.
    static func wrongMethod(_ method: HTTPRequest.Method, at route: Route) -> APIError {
        let allowed = route.methods.map(\.rawValue).joined(separator: ", ")
        return APIError(
            status: .methodNotAllowed,
            code: "method_not_allowed",
            message: "\(method) is not possible at \(route.label), only \(allowed).",
            allow: route.methods
        )
    }

    /// - Parameter limit: bytes that a body may have.
    static func bodyTooLarge(limit: Int) -> APIError {
        APIError(
            status: .contentTooLarge,
            code: "request_too_large",
            message: "The request's body may have \(limit) bytes at the most. Split a text into several requests."
        )
    }

    /// The body is compressed.
    static func encodedBody(_ coding: String) -> APIError {
        APIError(
            status: .unsupportedMediaType,
            code: "unsupported_content_encoding",
            message:
                "The body's `Content-Encoding` is `\(coding.prefix(32))`, but bodies are read as they are. Send it "
                + "without one."
        )
    }

    /// The code of errors whose message is for the log only.
    static let unexpectedCode = "internal_error"

    /// Something that should not happen. What it was is in the log, under the request's id.
    static func unexpected(requestID: String) -> APIError {
        APIError(
            status: .internalServerError,
            code: unexpectedCode,
            message: "Something went wrong here. The server's log says more, under request \(requestID)."
        )
    }
}
