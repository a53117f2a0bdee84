import NIOCore
import Wyoming

/// What a decoder made of some bytes.
private struct Outcome<Event: WyomingEvent>: Equatable {
    var events: [Event] = []
    var error: WyomingError?

    /// Of several things that are wrong with one event, any may be the reason that is given.
    static func == (left: Outcome, right: Outcome) -> Bool {
        left.events == right.events && (left.error == nil) == (right.error == nil)
    }

    /// Feeds the bytes in pieces of that length, and checks what holds for any input.
    init(_ bytes: ByteBuffer, pieceLength: Int) {
        var decoder = WyomingDecoder<Event>()
        var rest = bytes
        while error == nil, let piece = rest.readSlice(length: min(pieceLength, rest.readableBytes)),
            piece.readableBytes > 0
        {
            decoder.append(piece)
            do throws(WyomingError) {
                while let event = try decoder.next() { events.append(event) }
            } catch {
                self.error = error
            }
            precondition(decoder.bufferedBytes <= bytes.readableBytes, "it holds what it was given at the most")
        }
        guard let error else { return }
        decoder.append(bytes)
        precondition(decoder.bufferedBytes == 0, "a decoder that has failed holds nothing")
        do throws(WyomingError) {
            _ = try decoder.next()
            preconditionFailure("a decoder that has failed stays so")
        } catch let again {
            precondition(again == error, "a decoder that has failed repeats its reason")
        }
    }
}

/// Checks one side's decoder.
private func check<Event: WyomingEvent>(_: Event.Type, _ bytes: ByteBuffer, pieceLength: Int) {
    let whole = Outcome<Event>(bytes, pieceLength: bytes.readableBytes)
    let cut = Outcome<Event>(bytes, pieceLength: pieceLength)
    precondition(whole == cut, "how a stream is cut changes nothing")

    var encoded = ByteBuffer()
    for event in whole.events { event.encode(into: &encoded) }
    let again = Outcome<Event>(encoded, pieceLength: encoded.readableBytes)
    precondition(
        again.error == nil && again.events == whole.events,
        "what was understood can be said and understood again"
    )
}

/// libFuzzer's entry. The first byte says into pieces of what length the others are cut.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWyoming(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = ByteBuffer(bytes: UnsafeBufferPointer(start: start + 1, count: count - 1))
    let pieceLength = 1 + Int(start[0])
    check(WyomingServiceEvent.self, bytes, pieceLength: pieceLength)
    check(WyomingClientEvent.self, bytes, pieceLength: pieceLength)
    return 0
}
