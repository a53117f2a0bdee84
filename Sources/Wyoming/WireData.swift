import NIOCore
import SpeechCore

/// The data of `ping` and `pong`.
struct WireText: Codable {
    var text: String?
}

/// The data of `user-event`.
struct WireUserEvent: Codable {
    /// Bytes of its data, at the most. It may hold any JSON, and that is slow to decode: 1 µs a byte at worst.
    static let maxBytes = 64 * 1024

    var name: String
    var data: [String: JSONValue]?

    init(_ name: String, _ data: [String: JSONValue]) {
        self.name = name
        self.data = data.isEmpty ? nil : data
    }

    init(_ frame: WyomingFrame) throws(WyomingError) {
        guard frame.data.readableBytes <= Self.maxBytes else {
            throw WyomingError("the data of a user event is longer than \(Self.maxBytes) bytes")
        }
        self = try frame.decodeData(WireUserEvent.self)
    }
}
