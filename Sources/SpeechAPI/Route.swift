import HTTPTypes

/// The places that this server answers at.
enum Route: Hashable {
    case speech
    case models
    case model(String)
    case voices
    case voice(String)
    case live
    case ready
    case pool
    case metrics

    /// - Parameter path: of the request's target, without the query; may be percent-encoded.
    /// - Returns: `nil` when there is nothing at this path.
    init?(path: Substring) {
        switch path.hasSuffix("/") ? path.dropLast() : path {
        case "/v1/audio/speech": self = .speech
        case "/v1/audio/voices": self = .voices
        case "/v1/models": self = .models
        case "/v1/pool": self = .pool
        case "/health/live": self = .live
        case "/health/ready": self = .ready
        case "/metrics": self = .metrics
        case let path where path.hasPrefix("/v1/models/"):
            guard let id = path.dropFirst("/v1/models/".count).percentDecoded else { return nil }
            self = .model(id)
        case let path where path.hasPrefix("/v1/audio/voices/"):
            guard let name = path.dropFirst("/v1/audio/voices/".count).percentDecoded else { return nil }
            self = .voice(name)
        default: return nil
        }
    }

    /// The path of a request's target, still percent-encoded.
    static func path(of request: HTTPRequest) -> Substring {
        (request.path ?? "/").prefix { $0 != "?" }
    }

    /// What may be done there. `HEAD` and `OPTIONS` are answered everywhere that they make sense.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .speech: [.post, .options]
        case .voices: [.get, .head, .post, .options]
        case .voice: [.delete, .options]
        default: [.get, .head, .options]
        }
    }

    /// Its name in metrics and logs: one of few.
    var label: String {
        switch self {
        case .speech: "/v1/audio/speech"
        case .models: "/v1/models"
        case .model: "/v1/models/{id}"
        case .voices: "/v1/audio/voices"
        case .voice: "/v1/audio/voices/{name}"
        case .live: "/health/live"
        case .ready: "/health/ready"
        case .pool: "/v1/pool"
        case .metrics: "/metrics"
        }
    }

    /// Whether machines ask for it every few seconds, so that nobody wants to read of it.
    var isProbe: Bool {
        self == .live || self == .ready || self == .metrics
    }
}
