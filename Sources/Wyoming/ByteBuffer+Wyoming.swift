import NIOCore

extension ByteBuffer {
    /// Appends a frame. Its data goes behind the header line, whose length readers limit.
    mutating func writeWyoming(type: String, data: some Encodable, payload: ByteBuffer = ByteBuffer()) {
        var json = ByteBuffer()
        WyomingJSON.encode(data, into: &json)
        writeWyoming(type: type, json: json, payload: payload)
    }

    /// Appends a frame whose data is JSON already, or that has none.
    mutating func writeWyoming(type: String, json: ByteBuffer = ByteBuffer(), payload: ByteBuffer = ByteBuffer()) {
        reserveCapacity(minimumWritableBytes: json.readableBytes + payload.readableBytes + 96)
        writeStaticString("{")
        writeLength("data_length", json.readableBytes)
        writeLength("payload_length", payload.readableBytes)
        writeStaticString(#""type":"#)
        writeJSON(string: type)
        writeStaticString("}\n")
        writeImmutableBuffer(json)
        writeImmutableBuffer(payload)
    }

    private mutating func writeLength(_ key: StaticString, _ bytes: Int) {
        guard bytes > 0 else { return }
        writeStaticString("\"")
        writeStaticString(key)
        writeStaticString("\":")
        writeString(String(bytes))
        writeStaticString(",")
    }
}
