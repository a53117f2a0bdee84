import NIOCore
import SpeechCore

/// A whole frame as it came over the wire: a type, data that is still JSON, and a payload.
package struct WyomingFrame: Sendable {
    /// Such as `audio-chunk`.
    package let type: String
    /// The JSON object in the header line merged with the one after it; `{}` when there is neither.
    let data: ByteBuffer
    /// The bytes after the data.
    let payload: ByteBuffer?

    /// - Parameter data: what came after the header line.
    init(_ header: WyomingHeader, data: ByteBuffer?, payload: ByteBuffer?) throws(WyomingError) {
        self.type = header.type
        self.payload = payload
        switch (header.data, data) {
        case (nil, nil): self.data = ByteBuffer(string: "{}")
        case (let data?, nil), (nil, let data?): self.data = data
        case (let inline?, let further?): self.data = try Self.merge(inline, further, of: header.type)
        }
    }

    /// The data as one of our types.
    func decodeData<Value: Decodable>(_: Value.Type) throws(WyomingError) -> Value {
        try WyomingJSON.decode(Value.self, from: data, what: Self.dataName(of: type))
    }

    /// Hardly any service sends both kinds of data, so this takes the long way round.
    private static func merge(
        _ inline: ByteBuffer,
        _ further: ByteBuffer,
        of type: String
    ) throws(WyomingError) -> ByteBuffer {
        let inline = try WyomingJSON.decode([String: JSONValue].self, from: inline, what: dataName(of: type))
        let further = try WyomingJSON.decode([String: JSONValue].self, from: further, what: dataName(of: type))
        var merged = ByteBuffer()
        WyomingJSON.encode(inline.merging(further) { _, further in further }, into: &merged)
        return merged
    }

    private static func dataName(of type: String) -> String { "the data of \(WyomingJSON.quoted(type))" }
}
