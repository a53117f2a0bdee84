import NIOCore

/// The JSON line that begins a frame.
struct WyomingHeader {
    /// Bytes of the line, at the most.
    static let maxLineBytes = 64 * 1024
    /// Bytes of JSON after the line, at the most.
    static let maxDataBytes = 4 * 1024 * 1024
    /// Bytes after the JSON, at the most.
    static let maxPayloadBytes = 8 * 1024 * 1024

    let type: String
    let dataLength: Int
    let payloadLength: Int
    /// The data that is in the line itself: JSON, not yet understood.
    let data: ByteBuffer?

    init(_ line: ByteBuffer) throws(WyomingError) {
        var type: String?
        var dataLength = 0
        var payloadLength = 0
        var data: ByteBuffer?
        var members = try JSONMembers(of: line, what: "a header line")
        while let (key, value) = try members.next() {
            if value.isNull { continue }
            switch key {
            case "type": type = try value.string()
            case "data": data = value.bytes
            case "data_length": dataLength = try Self.length(value, limit: Self.maxDataBytes)
            case "payload_length": payloadLength = try Self.length(value, limit: Self.maxPayloadBytes)
            default: break
            }
        }
        guard let type else { throw WyomingError("a header line has no type") }
        self.type = type
        self.dataLength = dataLength
        self.payloadLength = payloadLength
        self.data = data
    }

    private static func length(_ value: JSONFragment, limit: Int) throws(WyomingError) -> Int {
        let length = try value.integer()
        guard (0...limit).contains(length) else {
            throw WyomingError("\(value.what) is \(length); it may be from 0 to \(limit) bytes")
        }
        return length
    }
}
