import NIOCore
import SpeechCore
import Wyoming

/// Everything that the decoder makes of `bytes`, given in pieces of the sizes that `cut` says.
func decode<Event: WyomingEvent>(
    _: Event.Type,
    _ bytes: ByteBuffer,
    cut: (_ left: Int) -> Int = { $0 }
) throws(WyomingError) -> [Event] {
    var decoder = WyomingDecoder<Event>()
    var bytes = bytes
    var events: [Event] = []
    while let piece = bytes.readSlice(length: cut(bytes.readableBytes)), piece.readableBytes > 0 {
        decoder.append(piece)
        while let event = try decoder.next() { events.append(event) }
    }
    return events
}

/// Everything that the decoder makes of `text`.
func decode<Event: WyomingEvent>(_ type: Event.Type, _ text: String) throws(WyomingError) -> [Event] {
    try decode(type, ByteBuffer(string: text))
}
