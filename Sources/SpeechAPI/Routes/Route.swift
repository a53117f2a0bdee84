import HTTPTypes

/// The places that this server answers at.
enum Route: Hashable {
    case speech
    case models
    case audioModels
    case model(String)
    case voices
    case voice(String)
    case live
    case ready
    case pool
    case reload
    case quarantine
    case quarantined(String)
    case drain(String)
    case restart(String)
    case scale(String)
    case metrics

    /// - Parameter path: of the request's target, without the query; may be percent-encoded.
    /// - Returns: `nil` when there is nothing at this path.
    init?(path: Substring) {
        switch path.hasSuffix("/") ? path.dropLast() : path {
        case "/v1/audio/speech": self = .speech
        case "/v1/audio/voices": self = .voices
        case "/v1/models": self = .models
        case "/v1/audio/models": self = .audioModels
        case "/v1/pool": self = .pool
        case "/v1/pool/reload": self = .reload
        case "/v1/pool/quarantine": self = .quarantine
        case "/health", "/health/live": self = .live
        case "/health/ready": self = .ready
        case "/metrics": self = .metrics
        case let path where path.hasPrefix("/v1/models/"):
            guard let id = path.dropFirst("/v1/models/".count).percentDecoded else { return nil }
            self = .model(id)
        case let path where path.hasPrefix("/v1/audio/voices/"):
            guard let name = path.dropFirst("/v1/audio/voices/".count).percentDecoded else { return nil }
            self = .voice(name)
        case let path where path.hasPrefix("/v1/pool/"):
            guard let route = Self.inPool(path.dropFirst("/v1/pool/".count)) else { return nil }
            self = route
        default: return nil
        }
    }

    /// What one of the pool's parts is asked to do.
    private static func inPool(_ path: Substring) -> Route? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, let name = parts[1].percentDecoded, !name.isEmpty else { return nil }
        return switch (parts[0], parts.count > 2 ? parts[2] : "", parts.count) {
        case ("quarantine", "", 2): .quarantined(name)
        case ("instances", "drain", 3): .drain(name)
        case ("instances", "restart", 3): .restart(name)
        case ("engines", "scale", 3): .scale(name)
        default: nil
        }
    }

    /// The path that was meant, if a client's base URL has one slash or one `/v1` too many, or lacks the `/v1`.
    static func near(_ path: Substring) -> String? {
        let parts = path.split(separator: "/").drop { $0 == "v1" }
        let near = "/v1/" + parts.joined(separator: "/")
        return Route(path: near[...]) == nil ? nil : near
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
        case .voice, .quarantined: [.delete, .options]
        case .reload, .drain, .restart, .scale: [.post, .options]
        case .quarantine: [.get, .head, .delete, .options]
        default: [.get, .head, .options]
        }
    }

    /// Its name in metrics and logs: one of few.
    var label: String {
        switch self {
        case .speech: "/v1/audio/speech"
        case .models: "/v1/models"
        case .audioModels: "/v1/audio/models"
        case .model: "/v1/models/{id}"
        case .voices: "/v1/audio/voices"
        case .voice: "/v1/audio/voices/{name}"
        case .live: "/health/live"
        case .ready: "/health/ready"
        case .pool: "/v1/pool"
        case .reload: "/v1/pool/reload"
        case .quarantine: "/v1/pool/quarantine"
        case .quarantined: "/v1/pool/quarantine/{id}"
        case .drain: "/v1/pool/instances/{id}/drain"
        case .restart: "/v1/pool/instances/{id}/restart"
        case .scale: "/v1/pool/engines/{name}/scale"
        case .metrics: "/metrics"
        }
    }

    /// Whether only those may use it who run the server.
    var isAdministration: Bool {
        switch self {
        case .reload, .quarantine, .quarantined, .drain, .restart, .scale: true
        case .speech, .models, .audioModels, .model, .voices, .voice, .live, .ready, .pool, .metrics: false
        }
    }

    /// Whether machines ask for it every few seconds, so that nobody wants to read of it.
    var isProbe: Bool {
        self == .live || self == .ready || self == .metrics
    }
}
