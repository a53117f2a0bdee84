import HTTPTypes

/// What the HTTP surface puts up with. Every limit is per request or per connection unless it says otherwise.
package struct APILimits: Sendable, Equatable {
    /// Characters (Unicode code points) of `input`.
    package var maxInputCharacters = 100_000
    /// Bytes of a request body. A bigger one is answered with 413; a sender that goes on for as much again is cut off.
    package var maxBodyBytes = 1 << 20
    /// Bytes of a request body with a recording to make a voice from: half a minute in stereo, 48 kHz and 24 bits.
    package var maxRecordingBytes = 10 << 20
    /// Bytes of an answer that is sent when it is finished (`"stream": false`). A bigger one is refused with 400.
    package var maxFileBytes = 64 << 20
    /// Bytes of all such answers of the whole server that are made and not sent yet. An answer beyond that is
    /// refused with 503.
    package var maxFileTotalBytes = 256 << 20
    /// Requests for new voices that may be worked on at once, of the whole server. More are answered with 503.
    package var maxVoiceRequests = 8
    /// How long a connection may be silent while no request is being answered. It never cuts a synthesis.
    package var idleTimeout: Duration = .seconds(60)
    /// How long a request's body may take to arrive, however steadily it drips.
    package var requestTimeout: Duration = .seconds(60)
    /// How long a client may accept no byte of what waits for it. Then its connection is closed.
    package var writeStall: Duration = .seconds(30)
    /// Connections of the whole server. More of them wait in the kernel's backlog.
    package var maxConnections = 2_048
    /// Bytes of a response that the kernel may hold before it has sent them. Bytes in flight come on top, as many as
    /// the network can carry: if they counted, a fast client would wait for every acknowledgement.
    package var unsentBytes = 32 << 10

    /// The limits as they are by default.
    package init() {}

    /// Bytes that the body of this request may have.
    func bodyBytes(of request: HTTPRequest) -> Int {
        let isForm = request.headerFields[.contentType]?.lowercased().hasPrefix("multipart/form-data") == true
        guard isForm, Route(path: Route.path(of: request)) == .voices else { return maxBodyBytes }
        return maxRecordingBytes
    }
}
