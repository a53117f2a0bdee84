import HTTPTypes

extension HTTPField.Name {
    /// The name by which the server is asked. The first one of a request is its authority instead.
    static let host = known("Host")
    /// A key, as some clients send it.
    static let xAPIKey = known("X-API-Key")
    /// A key, as clients of Azure send it.
    static let apiKey = known("api-key")
    /// Names a request, in both directions.
    static let xRequestID = known("X-Request-Id")
    /// How long a request is worth something, in seconds.
    static let xRequestTimeout = known("X-Request-Timeout")
    /// How fast the client plays the audio.
    static let xPlayback = known("X-Playback")
    /// Requests that may come at once, as OpenAI calls them; the next two go with it.
    static let xRateLimitLimitRequests = known("x-ratelimit-limit-requests")
    /// How many of them may come now.
    static let xRateLimitRemainingRequests = known("x-ratelimit-remaining-requests")
    /// How long until all of them may come again.
    static let xRateLimitResetRequests = known("x-ratelimit-reset-requests")
    /// Where the time went.
    static let serverTiming = known("Server-Timing")
    /// What the caller should know of a response that is fine otherwise.
    static let chorusNotes = known("Chorus-Notes")
    /// The same for clients of the first version.
    static let warning = known("Warning")
    /// Tells nginx and its kin to pass a stream on as it comes.
    static let xAccelBuffering = known("X-Accel-Buffering")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid header name") }
        return field
    }
}
