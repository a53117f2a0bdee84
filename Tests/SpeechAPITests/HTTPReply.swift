/// One response as it came over the wire.
struct HTTPReply {
    var status: Int
    /// By lower-case name.
    var fields: [String: String]
    var body: [UInt8] = []
    /// Fields after the body, by lower-case name.
    var trailers: [String: String] = [:]
    /// Whether the body arrived to its end. Not so when the connection closed before.
    var isComplete = false

    var text: String { String(decoding: body, as: UTF8.self) }
    var isChunked: Bool { fields["transfer-encoding"] == "chunked" }
}

/// Takes responses off a connection's bytes.
struct HTTPReplyParser {
    private var bytes: ArraySlice<UInt8> = []

    mutating func append(_ new: some Sequence<UInt8>) {
        bytes.append(contentsOf: new)
    }

    /// The next response, or `nil` if it is not here yet.
    /// - Parameters:
    ///   - hasBody: `false` after `HEAD`.
    ///   - isClosed: nothing more will come; what is here has to do.
    mutating func next(hasBody: Bool, isClosed: Bool) -> HTTPReply? {
        var rest = bytes
        guard var reply = Self.head(&rest) else { return nil }
        reply.isComplete = !hasBody || reply.status < 200 || reply.status == 204 || Self.body(&rest, of: &reply)
        guard reply.isComplete || isClosed else { return nil }
        bytes = rest
        return reply
    }

    private static func head(_ bytes: inout ArraySlice<UInt8>) -> HTTPReply? {
        guard let first = line(&bytes), let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return fields(&bytes).map { HTTPReply(status: status, fields: $0) }
    }

    /// Fields and the empty line after them.
    private static func fields(_ bytes: inout ArraySlice<UInt8>) -> [String: String]? {
        var fields: [String: String] = [:]
        while let field = line(&bytes) {
            if field.isEmpty { return fields }
            let parts = field.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop(while: { $0 == " " })) : ""
        }
        return nil
    }

    /// - Returns: whether the body is complete.
    private static func body(_ bytes: inout ArraySlice<UInt8>, of reply: inout HTTPReply) -> Bool {
        guard reply.isChunked else {
            let length = reply.fields["content-length"].flatMap { Int($0) } ?? 0
            reply.body = Array(bytes.prefix(length))
            bytes = bytes.dropFirst(length)
            return reply.body.count == length
        }
        while let size = line(&bytes).flatMap({ Int($0, radix: 16) }) {
            reply.body += bytes.prefix(size)
            if size == 0 { return fields(&bytes).map { reply.trailers = $0 } != nil }
            guard bytes.count >= size + 2 else { return false }
            bytes = bytes.dropFirst(size + 2)
        }
        return false
    }

    private static func line(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { bytes = bytes[(end + 1)...] }
        return String(decoding: bytes[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }
}
