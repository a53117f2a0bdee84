import HTTPTypes
import HummingbirdCore
import Logging
import SpeechCore

/// One request and what becomes of it: the facts for its log line and the metrics. One task uses it.
final class Exchange {
    /// The client's own id for it, or one of ours.
    let id: String
    /// Its method.
    let method: HTTPRequest.Method
    /// Its target up to the question mark, still percent-encoded.
    let path: Substring
    /// Its target after the question mark, still percent-encoded.
    let query: Substring
    /// `nil` when there is nothing at the path.
    let route: Route?
    /// What it came by.
    let connection: Connection
    /// When it came.
    let started = ContinuousClock.now

    /// The origin of the web page that may read the answer, if a page asks.
    var page: String?
    /// Whose key it came with, where keys are needed.
    var holder: APIKeys.Holder?
    /// What it takes of the key's limits, once that is counted.
    var permit: KeyPermit?
    /// What is sent, or would have been, had trouble that came later been known in time.
    var status: HTTPResponse.Status = .ok
    /// The trouble, when there was some; with the one of several reasons for the code, where there are several.
    var error: (code: String, reason: String?, message: String)?
    /// What was asked, once it is known to make sense.
    var request: SpeechRequest?
    /// What is spoken for it, once that has begun.
    var speech: EncodedSpeech?
    /// From its arrival until its first audio was written.
    var firstAudio: Duration?

    /// - Parameter request: as it arrived; its body may still be on the way.
    init(_ request: Request, on connection: Connection) {
        id = RequestID.make(from: request.headers[.xRequestID])
        method = request.method
        path = Route.path(of: request.head)
        query = (request.head.path ?? "").dropFirst(path.count + 1)
        route = Route(path: path)
        self.connection = connection
    }

    /// Notes trouble.
    /// - Returns: what to tell the client of it.
    func failed(_ error: any Error) -> APIError {
        let told: APIError =
            switch error {
            case let error as APIError: error
            case let error as SpeechError: APIError(error)
            default: .unexpected(requestID: id)
            }
        status = told.status
        if Self.isRefunded(error), speech?.made ?? .zero == .zero { permit?.refund() }
        self.error = (told.code, told.reason, told.code == APIError.unexpectedCode ? "\(error)" : told.message)
        return told
    }

    /// Whether a request that fails like this before anything was made uses up nothing of its caller's: there was no
    /// room for it, nothing that it names is here, or something broke.
    private static func isRefunded(_ error: any Error) -> Bool {
        if error is APIError { return false }
        guard let error = error as? SpeechError else { return true }
        return switch error.code {
        case .queueFull, .tenantLimit, .overloaded, .waitedTooLong, .memoryShort, .engineUnavailable, .shuttingDown,
            .modelNotFound, .voiceNotFound, .engineFailed, .instanceLost, .storageFailed:
            true
        default: false
        }
    }

    /// The client left, or was cut off, before its response was complete.
    func broke() {
        status = APIError.clientGone
        error = ((connection.end ?? .clientGone).rawValue, nil, "The connection ended before the response did.")
    }

    /// The request's line in the log. Never the text.
    func log(to logger: Logger) {
        var metadata: Logger.Metadata = [
            "request.id": "\(id)",
            "http.method": "\(method)",
            "http.route": "\(route?.label ?? "other")",
            "http.status": "\(status.code)",
            "duration.ms": "\(Self.milliseconds(started.duration(to: .now)))",
        ]
        if let holder { metadata["tenant.name"] = "\(holder.key.name)" }
        if let request {
            metadata["speech.characters"] = "\(request.input.unicodeScalars.count)"
            metadata["speech.format"] = "\(request.format.rawValue)"
        }
        if let speech { metadata["audio.seconds"] = "\(Self.milliseconds(speech.made) / 1_000)" }
        if let firstAudio { metadata["ttfa.ms"] = "\(Self.milliseconds(firstAudio))" }
        if let error {
            metadata["error.code"] = "\(error.code)"
            if let reason = error.reason { metadata["error.reason"] = "\(reason)" }
            // A client's own mistake may be told with its text, and it has been told; an engine may say what it likes.
            let isOurs = status.code >= 500 && error.code != SpeechError.Code.engineFailed.description
            if isOurs || logger.logLevel <= .debug { metadata["error.message"] = "\(error.message)" }
        }
        logger.log(level: level, "Request finished", metadata: metadata)
    }

    private var level: Logger.Level {
        if status.code == 500 { return .error }
        return route?.isProbe == true ? .debug : .info
    }

    /// With three digits after the point.
    static func milliseconds(_ duration: Duration) -> Double {
        (duration / .microseconds(1)).rounded() / 1_000
    }
}
