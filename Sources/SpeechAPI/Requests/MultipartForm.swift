import SpeechCore

/// Reads bodies of `multipart/form-data` (RFC 7578, in the frame of RFC 2046, 5.1): strictly, as programs write them.
/// There is nothing before the first boundary or behind the last one, and no part has parts of its own.
enum MultipartForm {
    /// A field of the form.
    struct Part: Equatable {
        /// Its name. A file's own name is not looked at.
        var name: String
        /// Its value, or what is in its file.
        var body: ArraySlice<UInt8>
    }

    /// Parts of a form at the most.
    static let maxParts = 16
    /// Lines of a part's header at the most.
    static let maxHeaderLines = 8
    /// Bytes of a line in a part's header at the most.
    static let maxHeaderLineBytes = 1_024
    /// Bytes of a boundary at the most, by RFC 2046.
    static let maxBoundaryBytes = 70

    private static let lineEnd = Array("\r\n".utf8)

    /// The parts of a body, in their order.
    /// - Parameter boundary: the parameter of `Content-Type`.
    /// - Throws: `invalidRequest`.
    static func parts(of body: [UInt8], boundary: String) throws(SpeechError) -> [Part] {
        guard isBoundary(boundary) else { throw broken("its boundary is none by RFC 2046") }
        let delimiter = lineEnd + Array("--\(boundary)".utf8)
        // The first one needs no line end before it.
        guard body.starts(with: delimiter.dropFirst(lineEnd.count)) else {
            throw broken("it does not begin with its boundary")
        }
        var rest = body.dropFirst(delimiter.count - lineEnd.count)
        var parts: [Part] = []
        while !rest.starts(with: "--".utf8) {
            guard rest.starts(with: lineEnd) else { throw broken("there is something behind a boundary") }
            guard parts.count < maxParts else { throw broken("it has more than \(maxParts) parts") }
            rest = rest.dropFirst(lineEnd.count)
            let name = try takeHeader(from: &rest)
            // The empty line behind the header may belong to the boundary, and then there is no body.
            guard let end = firstIndex(of: delimiter, in: rest) else {
                throw broken("it ends before its last boundary")
            }
            parts.append(Part(name: name, body: rest[..<end].dropFirst(lineEnd.count)))
            rest = rest[(end + delimiter.count)...]
        }
        rest = rest.dropFirst(2)
        guard rest.isEmpty || rest.elementsEqual(lineEnd) else { throw broken("there is something behind its end") }
        return parts
    }

    /// Takes a part's header off, up to the line end of the empty line behind it.
    /// - Returns: the part's name.
    private static func takeHeader(from rest: inout ArraySlice<UInt8>) throws(SpeechError) -> String {
        var name: String?
        for _ in 0...maxHeaderLines {
            if rest.starts(with: lineEnd) {
                guard let name else { throw broken("a part has no name") }
                return name
            }
            let line = try takeLine(from: &rest)
            let field = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard field.count == 2, let value = ParameterizedValue(field[1]) else {
                throw broken("a line in a part's header cannot be read")
            }
            switch String(decoding: field[0], as: UTF8.self).lowercased() {
            case "content-disposition":
                guard name == nil, value.value == "form-data", let given = value.parameters["name"] else {
                    throw broken("a part is not a form's field with one name")
                }
                name = given
            case "content-type":
                if value.value.hasPrefix("multipart/") { throw broken("a part has parts of its own") }
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(value.value) else {
                    throw broken("a part is encoded as `\(value.value.prefix(32))`; send it as it is")
                }
            default: break
            }
        }
        throw broken("a part's header has more than \(maxHeaderLines) lines")
    }

    /// Takes a line off, without its end.
    private static func takeLine(from rest: inout ArraySlice<UInt8>) throws(SpeechError) -> ArraySlice<UInt8> {
        guard let end = firstIndex(of: lineEnd, in: rest.prefix(maxHeaderLineBytes + lineEnd.count)) else {
            throw broken("a line in a part's header is not complete or longer than \(maxHeaderLineBytes) bytes")
        }
        defer { rest = rest[(end + lineEnd.count)...] }
        return rest[..<end]
    }

    /// Where a delimiter begins, in one pass.
    /// - Parameter delimiter: begins with a carriage return and has no other one.
    private static func firstIndex(of delimiter: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var index = bytes.startIndex
        while index + delimiter.count <= bytes.endIndex {
            var matched = 0
            while matched < delimiter.count, bytes[index + matched] == delimiter[matched] { matched += 1 }
            if matched == delimiter.count { return index }
            // What has matched so far has no second carriage return to begin with.
            index += max(1, matched)
        }
        return nil
    }

    private static func isBoundary(_ boundary: String) -> Bool {
        let others = "'()+_,-./:=? ".utf8
        return (1...maxBoundaryBytes).contains(boundary.utf8.count) && boundary.last != " "
            && boundary.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: others.contains(byte)
                }
            }
    }

    private static func broken(_ what: String) -> SpeechError {
        .invalid("The body is not a form that can be read: \(what).")
    }
}
