package import NIOCore

/// One side's events: what a service says, or what its client says.
package protocol WyomingEvent: Sendable, Equatable {
    /// Understands a frame. Types that are not known become the side's `other` event.
    /// - Throws: when the frame's type is known and its data or payload does not fit that type.
    init(_ frame: WyomingFrame) throws(WyomingError)

    /// Appends the event to `buffer` as it goes over the wire.
    func encode(into buffer: inout ByteBuffer)
}
