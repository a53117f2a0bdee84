import NIOCore
import SpeechCore
import Wyoming

/// A seeded generator (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

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
