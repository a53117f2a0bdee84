import BenchSupport
import Glibc

/// One reader of a stream: it takes what a player would have played by now, and no more.
final class Listener {
    /// Whether the answer has begun, and there is more to come.
    private(set) var isOpen = false
    private let connection: Connection
    private let bytesPerSecond: Double
    private var taken = 0.0
    private var hasBegun = false

    /// Asks for a stream.
    /// - Parameter bytesPerSecond: how fast it plays; 0 takes the head of the answer and then nothing.
    init(port: UInt16, request: [UInt8], bytesPerSecond: Double) throws {
        connection = try Connection(port: port, receiveBufferBytes: 65_536)
        self.bytesPerSecond = bytesPerSecond
        try connection.send(request)
    }

    /// Takes what is there and due. Never waits.
    func listen(elapsedSeconds: Double) throws {
        if !hasBegun {
            var start = [UInt8](repeating: 0, count: 12)
            guard recv(connection.descriptor, &start, start.count, Int32(MSG_DONTWAIT)) > 0 else { return }
            hasBegun = true
            isOpen = true
            let status = String(decoding: start, as: UTF8.self)
            guard status == "HTTP/1.1 200" else { throw BenchError("a stream was answered with \(status)") }
        }
        let due = Int(bytesPerSecond * elapsedSeconds - taken)
        guard isOpen, due > 0 else { return }
        var piece = [UInt8](repeating: 0, count: due)
        let count = recv(connection.descriptor, &piece, due, Int32(MSG_DONTWAIT))
        if count > 0 { taken += Double(count) }
        isOpen = count > 0 || (count < 0 && errno == EAGAIN)
    }
}
