import NIOCore

/// The bytes of one JSON value.
struct JSONFragment {
    /// Not empty, and without whitespace around them.
    let bytes: ByteBuffer
    /// What the value is, for errors.
    let what: String

    var isNull: Bool { bytes.readableBytesView.elementsEqual("null".utf8) }

    /// The value as a whole number, written as one.
    func integer() throws(WyomingError) -> Int {
        guard
            let number = Int(
                String(buffer: bytes.getSlice(at: bytes.readerIndex, length: min(bytes.readableBytes, 24)) ?? bytes)
            )
        else {
            throw WyomingError("\(what) is not a whole number, or out of range")
        }
        return number
    }

    /// The value as a string.
    func string() throws(WyomingError) -> String {
        let view = bytes.readableBytesView
        guard view.first == UInt8(ascii: "\"") else { throw WyomingError("\(what) is not a string") }
        let text = view.dropFirst().dropLast()
        if !text.contains(UInt8(ascii: "\\")), let string = String(validating: text, as: UTF8.self) { return string }
        return try WyomingJSON.decode(String.self, from: bytes, what: what)
    }
}
