import HTTPTypes
import HummingbirdCore
import SpeechCore

/// Who may ask, and how much.
extension SpeechAPI {
    /// Finds out who asks, if keys are needed. What machines look at every few seconds is open to all.
    /// - Throws: 401; 403 for what only those may do who run the server.
    func authenticate(_ request: Request, in exchange: Exchange) throws {
        guard !exchange.connection.isAdmin, exchange.route?.isProbe != true else { return }
        let isAdministration = exchange.route?.isAdministration ?? false
        guard !settings.keys.isEmpty else {
            if isAdministration { throw APIError.adminOnly }
            return
        }
        guard let key = Self.key(in: request.headers) else { throw APIError.noKey }
        guard let holder = settings.keys.holder(of: key) else { throw APIError.wrongKey }
        if isAdministration, !holder.key.isAdmin { throw APIError.adminOnly }
        exchange.holder = holder
    }

    /// Counts a request that makes something against the limits of its key.
    /// - Parameter characters: of its text.
    /// - Throws: 429, and 400 for a text that a whole day's characters do not suffice for.
    func admit(_ exchange: Exchange, characters: Int) throws {
        guard let holder = exchange.holder else { return }
        do throws(KeyUsage.Refusal) {
            exchange.permit = try settings.keys.admit(holder, characters: characters, at: .now)
        } catch {
            throw APIError(error, limits: holder.key.limits)
        }
    }

    /// What a response says of the rate that its request's key has.
    func rateFields(in exchange: Exchange) -> HTTPFields {
        let isLimited = exchange.route == .speech || exchange.route == .voices && exchange.method == .post
        guard isLimited, let holder = exchange.holder, let rate = settings.keys.rate(of: holder, at: .now) else {
            return [:]
        }
        return [
            .xRateLimitLimitRequests: String(rate.limit),
            .xRateLimitRemainingRequests: String(rate.remaining),
            .xRateLimitResetRequests: Self.shortText(rate.reset),
        ]
    }

    /// The key that a request came with.
    static func key(in fields: HTTPFields) -> String? {
        bearer(fields[.authorization]) ?? fields[.xAPIKey] ?? fields[.apiKey]
    }

    /// The token of `Authorization: Bearer TOKEN`.
    static func bearer(_ field: String?) -> String? {
        guard let parts = field?.split(separator: " ", maxSplits: 1), parts.count == 2,
            parts[0].lowercased() == "bearer"
        else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    /// A duration as OpenAI writes it, rounded up to milliseconds: `20ms`, `1.5s`, `1m0s`, `5h0m1s`.
    static func shortText(_ duration: Duration) -> String {
        let milliseconds = Int((duration / .milliseconds(1)).rounded(.up))
        guard milliseconds >= 1_000 else { return "\(milliseconds)ms" }
        let (minutes, rest) = milliseconds.quotientAndRemainder(dividingBy: 60_000)
        let seconds = rest % 1_000 == 0 ? "\(rest / 1_000)s" : "\(Double(rest) / 1_000)s"
        return switch minutes {
        case 0: seconds
        case ..<60: "\(minutes)m\(seconds)"
        default: "\(minutes / 60)h\(minutes % 60)m\(seconds)"
        }
    }
}

extension APIKey {
    /// The class of a request.
    /// - Parameter asked: what the request names.
    /// - Throws: 403.
    func priority(asked: Priority?) throws -> Priority {
        guard let asked else { return defaultPriority }
        guard classes.contains(asked) else {
            let allowed = orderedClasses.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            throw APIError(
                status: .forbidden,
                code: "priority_not_allowed",
                message: "`priority` is `\(asked.rawValue)`, but this API key may only be used for \(allowed).",
                param: "priority"
            )
        }
        return asked
    }
}

extension APIError {
    /// There is no key in the request.
    fileprivate static let noKey = APIError(
        status: .unauthorized,
        code: "invalid_api_key",
        message: "This server wants an API key. Send it in the header as `Authorization: Bearer KEY` or "
            + "`X-API-Key: KEY`."
    )

    /// It is for those who run the server.
    fileprivate static let adminOnly = APIError(
        status: .forbidden,
        code: "admin_only",
        message: "This needs an API key with `admin: true`, or the server's `admin_socket`."
    )

    /// There is one, and it is none of ours.
    fileprivate static let wrongKey = APIError(
        status: .unauthorized,
        code: "invalid_api_key",
        message: "This server does not know the API key. Ask whoever runs it for one."
    )

    /// What is told of a request that is one too many for its key.
    fileprivate init(_ refusal: KeyUsage.Refusal, limits: APIKey.Limits) {
        switch refusal {
        case .rate(let wait):
            self.init(
                tooMany: "rate_limit_exceeded",
                "This API key may make \(limits.requestsPerMinute ?? 0) requests a minute. "
                    + "Try again in \(SpeechAPI.shortText(wait)).",
                wait
            )
        case .concurrency:
            self.init(
                tooMany: "concurrency_limit_exceeded",
                "\(limits.concurrent ?? 0) requests of this API key are in the making, which is its limit. "
                    + "Try again when one of them is over.",
                .seconds(1)
            )
        case .characters(let left, let wait):
            self.init(
                tooMany: "characters_exhausted",
                "This API key may have \(limits.charactersPerDay ?? 0) characters spoken a day, of which "
                    + "\(left) are left: too few for this text. The next day begins at midnight UTC, "
                    + "in \(SpeechAPI.shortText(wait)).",
                wait
            )
        case .charactersOfText:
            // To wait does not help.
            self.init(
                .invalid(
                    "This API key may have \(limits.charactersPerDay ?? 0) characters spoken a day, and `input` has "
                        + "more. Send a shorter one.",
                    param: "input"
                )
            )
        }
    }

    private init(tooMany code: String, _ message: String, _ wait: Duration) {
        self.init(status: .tooManyRequests, code: code, message: message, retryAfter: wait)
    }
}
