package import NIOCore

/// Cuts a byte stream into events: feed it with `append`, then call `next` until it says `nil`. It suits a channel
/// handler and a blocking read loop alike.
///
/// What is buffered between two calls of `append` never exceeds one frame at its limits, and each byte is looked at a
/// constant number of times however small the pieces are.
package struct WyomingDecoder<Event: WyomingEvent>: Sendable {
    private enum State {
        /// Looking for the newline; so many bytes have been searched already.
        case header(searched: Int)
        /// The header is known; its data and payload are still arriving.
        case body(WyomingHeader)
        case failed(WyomingError)
    }

    private var state = State.header(searched: 0)
    private var buffer = ByteBuffer()

    package init() {}

    /// Bytes that wait for the rest of their frame.
    package var bufferedBytes: Int { buffer.readableBytes }

    /// Takes what has arrived. Ignored once `next` has thrown.
    package mutating func append(_ bytes: ByteBuffer) {
        if case .failed = state { return }
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next event, or `nil` when it has not arrived completely.
    /// - Throws: what was wrong with the frame. Where the next one begins is then unknown, so every later call
    ///   throws the same.
    package mutating func next() throws(WyomingError) -> Event? {
        do {
            return try nextEvent()
        } catch {
            state = .failed(error)
            buffer = ByteBuffer()
            throw error
        }
    }

    private mutating func nextEvent() throws(WyomingError) -> Event? {
        switch state {
        case .header(let searched):
            guard let line = try readLine(searched: searched) else { return nil }
            state = .body(try WyomingHeader(line))
            return try nextEvent()
        case .body(let header):
            guard buffer.readableBytes >= header.dataLength + header.payloadLength else { return nil }
            state = .header(searched: 0)
            let data = readBytes(header.dataLength)
            let payload = readBytes(header.payloadLength)
            return try Event(WyomingFrame(header, data: data, payload: payload))
        case .failed(let error):
            throw error
        }
    }

    private mutating func readLine(searched: Int) throws(WyomingError) -> ByteBuffer? {
        let unread = buffer.readableBytesView.dropFirst(searched)
        let newline = unread.firstIndex(of: UInt8(ascii: "\n"))
        let length = newline.map { $0 - buffer.readerIndex } ?? buffer.readableBytes
        guard length <= WyomingHeader.maxLineBytes else {
            throw WyomingError("a header line is longer than \(WyomingHeader.maxLineBytes) bytes")
        }
        guard newline != nil else {
            state = .header(searched: length)
            return nil
        }
        let line = buffer.readSlice(length: length)
        buffer.moveReaderIndex(forwardBy: 1)
        return line
    }

    private mutating func readBytes(_ count: Int) -> ByteBuffer? {
        count == 0 ? nil : buffer.readSlice(length: count)
    }
}
