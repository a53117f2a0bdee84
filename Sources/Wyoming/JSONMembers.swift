import NIOCore

/// Walks over the members of one JSON object without understanding their values: all that a header line and an audio
/// chunk's data need, at a tenth of a full decoder's cost. Values that nobody asks for are not checked.
struct JSONMembers {
    private var rest: ByteBufferView
    private let buffer: ByteBuffer
    private var isFirst = true
    private let what: StaticString

    /// - Parameter what: what the object is, for errors.
    init(of buffer: ByteBuffer, what: StaticString) throws(WyomingError) {
        self.buffer = buffer
        self.rest = buffer.readableBytesView
        self.what = what
        skipWhitespace()
        guard skip("{") else { throw WyomingError("\(what) is not a JSON object") }
    }

    /// The next member, or `nil` after the last.
    mutating func next() throws(WyomingError) -> (key: String, value: JSONFragment)? {
        skipWhitespace()
        if skip("}") {
            skipWhitespace()
            guard rest.isEmpty else { throw broken("there is something after the object") }
            return nil
        }
        if !isFirst {
            guard skip(",") else { throw broken("a comma is missing") }
            skipWhitespace()
        }
        isFirst = false
        guard rest.first == UInt8(ascii: "\"") else { throw broken("a key is missing") }
        let key = try takeValue(what: "a key").string()
        skipWhitespace()
        guard skip(":") else { throw broken("a colon is missing") }
        skipWhitespace()
        return (key, try takeValue(what: key))
    }

    /// Takes everything up to the end of a value: of a string, of what is in brackets, or of a word.
    private mutating func takeValue(what: String) throws(WyomingError) -> JSONFragment {
        var depth = 0
        var isInString = false
        var isEscaped = false
        let start = rest.startIndex
        var end = start
        scan: while end < rest.endIndex {
            let byte = rest[end]
            end += 1
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    if depth == 0 { break scan }
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 {
                    end -= 1
                    break scan
                }
                if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                    depth -= 1
                    if depth == 0 { break scan }
                }
            default:
                if depth == 0, Self.isWhitespace(byte) {
                    end -= 1
                    break scan
                }
            }
        }
        guard end > start, depth == 0, !isInString, let bytes = buffer.getSlice(at: start, length: end - start) else {
            throw broken("a value is missing or has no end")
        }
        rest = rest[end...]
        return JSONFragment(bytes: bytes, what: what)
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = rest.first, Self.isWhitespace(byte) { rest = rest.dropFirst() }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private func broken(_ why: String) -> WyomingError {
        WyomingError("\(what) is not valid JSON: \(why)")
    }
}
