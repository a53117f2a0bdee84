/// A client of the gateway over one connection that stays open: as much of HTTP/1.1 as the gateway speaks.
package final class HTTPClient {
    private let connection: Connection

    /// Connects.
    package init(port: UInt16) throws {
        connection = try Connection(port: port)
    }

    /// An answer, read to its end.
    package struct Answer {
        package var status: Int
        package var body: [UInt8]
        /// When to come back, in seconds, if it says so.
        package var retryAfter: Int?
    }

    /// Sends a request, and reads the answer to its end.
    /// - Parameter hear: is told of each piece of the body when it is there, and how large it is. What it throws ends the
    ///     reading.
    package func ask(_ request: [UInt8], hear: (Int) throws -> Void = { _ in }) throws -> Answer {
        try connection.send(request)
        let head = try ResponseHead(connection)
        var body: [UInt8] = []
        switch head.length {
        case .known(let count):
            body += try connection.read(count)
            try hear(count)
        case .chunked:
            while true {
                let size = try connection.readLine()
                guard let count = Int(size, radix: 16) else { throw BenchError("a chunk has no size: \(size)") }
                body += try connection.read(count)
                _ = try connection.readLine()
                if count == 0 { break }
                try hear(count)
            }
        }
        return Answer(status: head.status, body: body, retryAfter: head.retryAfter)
    }

    /// The bytes of a request without a body.
    package static func request(path: String, key: String? = nil) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(field(key))\r\n".utf8)
    }

    /// The bytes of a speech request.
    /// - Parameter fields: more of its head, such as `X-Playback: asap`.
    package static func request(
        _ text: String,
        format: String,
        key: String? = nil,
        fields: [String] = []
    ) -> [UInt8] {
        let body = #"{"input":"\#(text)","response_format":"\#(format)"}"#
        return Array(
            """
            POST /v1/audio/speech HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \(field(key))\(fields.map { "\($0)\r\n" }.joined())\r
            \(body)
            """.utf8
        )
    }

    private static func field(_ key: String?) -> String { key.map { "Authorization: Bearer \($0)\r\n" } ?? "" }
}

/// The head of an answer.
package struct ResponseHead {
    /// How the body's end is told.
    package enum Length {
        case known(Int)
        case chunked
    }

    package var status: Int
    package var length: Length
    /// When to come back, in seconds.
    package var retryAfter: Int?

    /// Reads it.
    package init(_ connection: Connection) throws {
        let line = try connection.readLine()
        guard let status = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw BenchError("this is no HTTP answer: \(line)")
        }
        self.status = status
        length = .known(0)
        while true {
            let field = try connection.readLine()
            if field.isEmpty { return }
            let parts = field.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw BenchError("this is no header field: \(field)") }
            let value = parts[1].drop { $0 == " " }
            switch parts[0].lowercased() {
            case "content-length": length = .known(Int(value) ?? 0)
            case "transfer-encoding": length = .chunked
            case "retry-after": retryAfter = Int(value)
            default: break
            }
        }
    }
}
