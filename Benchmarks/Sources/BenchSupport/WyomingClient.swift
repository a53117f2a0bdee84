/// A client of a worker, as thin as can be: what it measures is the worker.
package final class WyomingClient {
    private let connection: Connection

    /// Connects to a worker's socket.
    package init(path: String) throws {
        connection = try Connection(path: path)
    }

    /// The bytes of a job.
    package static func request(_ text: String) -> [UInt8] {
        let data = #"{"text":"\#(text)"}"#
        return Array("{\"type\":\"synthesize\",\"data_length\":\(data.utf8.count)}\n\(data)".utf8)
    }

    /// Sends a job, and reads its answer to the end.
    /// - Returns: bytes of audio.
    package func synthesize(_ request: [UInt8]) throws -> Int {
        try connection.send(request)
        var audioBytes = 0
        while true {
            let header = try connection.readLine()
            _ = try connection.read(Self.number("data_length", in: header))
            let payloadBytes = Self.number("payload_length", in: header)
            _ = try connection.read(payloadBytes)
            if header.contains(#""audio-stop""#) { return audioBytes }
            if header.contains(#""error""#) { throw BenchError("the worker answered with an error") }
            audioBytes += payloadBytes
        }
    }

    /// A number of the header, found without a parser, so that parsing does not count as the worker's time; 0 when it is not there.
    private static func number(_ name: String, in header: String) -> Int {
        guard let key = header.utf8.firstRange(of: "\"\(name)\":".utf8) else { return 0 }
        let digits = header.utf8[key.upperBound...].drop { $0 == UInt8(ascii: " ") }.prefix { $0 >= 48 && $0 <= 57 }
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }
}
