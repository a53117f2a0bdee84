import HTTPTypes
import HummingbirdCore
import NIOCore

/// Writes a response's body no faster than its client takes it.
///
/// Hummingbird's writer suspends when the channel is full, but learns of that from the event loop: a loop that has
/// audio ready overshoots by megabytes before it hears. So after every `roundTripBytes` this goes through the event
/// loop once.
///
/// Its methods are `@concurrent` because Hummingbird's are, whose writers cannot go from one isolation to another.
struct PacedWriter {
    /// Bytes that may be written without a look at how the client is doing.
    static let roundTripBytes = 64 << 10

    private var writer: any ResponseBodyWriter
    private let eventLoop: any EventLoop
    private var sinceRoundTrip = 0

    /// - Parameter eventLoop: the one of the connection.
    init(_ writer: any ResponseBodyWriter, on eventLoop: any EventLoop) {
        self.writer = writer
        self.eventLoop = eventLoop
    }

    /// Writes a piece. Suspends while the client is slow.
    /// - Throws: when the connection is gone.
    @concurrent
    mutating func write(_ piece: ByteBuffer) async throws {
        try await writer.write(piece)
        sinceRoundTrip += piece.readableBytes
        guard sinceRoundTrip > Self.roundTripBytes else { return }
        sinceRoundTrip = 0
        try await eventLoop.submit {}.get()
    }

    /// Ends the body as it should end.
    /// - Parameter trailers: fields that were not known before.
    @concurrent
    consuming func finish(trailers: HTTPFields?) async throws {
        try await writer.finish(trailers)
    }
}
