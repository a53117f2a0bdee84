import HTTPTypes

extension HTTPField.Name {
    /// Names a request, in both directions.
    static let xRequestID = known("X-Request-Id")
    /// Where the time went.
    static let serverTiming = known("Server-Timing")
    /// What the caller should know of a response that is fine otherwise.
    static let warning = known("Warning")
    /// Tells nginx and its kin to pass a stream on as it comes.
    static let xAccelBuffering = known("X-Accel-Buffering")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid header name") }
        return field
    }
}
