import NIOCore

extension ByteBuffer {
    /// Appends a frame. Its data goes behind the header line, whose length readers limit.
    mutating func writeWyoming(type: String, data: (some Encodable)?, payload: ByteBuffer = ByteBuffer()) {
        var json = ByteBuffer()
        if let data { WyomingJSON.encode(data, into: &json) }
        WyomingJSON.encode(
            OutgoingHeader(
                type: type,
                data_length: data == nil ? nil : json.readableBytes,
                payload_length: payload.readableBytes == 0 ? nil : payload.readableBytes
            ),
            into: &self
        )
        writeStaticString("\n")
        writeImmutableBuffer(json)
        writeImmutableBuffer(payload)
    }

    /// Appends a frame that is nothing but its type.
    mutating func writeWyoming(type: String) {
        writeWyoming(type: type, data: String?.none)
    }
}

/// The header line of an event that is sent.
private struct OutgoingHeader: Encodable {
    var type: String
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var data_length: Int?
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var payload_length: Int?
}
