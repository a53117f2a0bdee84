import Foundation
import NIOCore
import SpeechCore
import Wyoming

/// A blocking client of a worker.
final class WorkerClient {
    /// How a job went, as far as the client was told.
    struct Speech: Equatable {
        var samples: [Int16] = []
        var chunkSizes: [Int] = []
        var shape: AudioShape?
        var error: String?
        var code: WyomingErrorCode?
        var notes: [JSONValue] = []
        /// Whether the worker hung up before the job ended.
        var isCutOff = false

        /// Nothing but the answer to a job that has missed its deadline.
        static let late = Speech(error: "The deadline has passed.", code: .cancelled)
    }

    struct CannotConnect: Error {}

    /// It runs for as long as it has clients.
    private let worker: WorkerProcess
    private let descriptor: Int32
    private var decoder = WyomingDecoder<WyomingServiceEvent>()

    init(_ worker: WorkerProcess) throws {
        self.worker = worker
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: worker.socket.utf8) }
        let result = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // The deinitializer closes the descriptor then too.
        guard result == 0 else { throw CannotConnect() }
    }

    deinit {
        close(descriptor)
    }

    func send(_ event: WyomingClientEvent) {
        var bytes = ByteBuffer()
        event.encode(into: &bytes)
        send(bytes)
    }

    func send(_ bytes: ByteBuffer) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            let sent = bytes.readWithUnsafeReadableBytes {
                max(0, Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)))
            }
            if sent == 0 { return }
        }
    }

    /// The next event, or `nil` when the worker has hung up.
    func next() throws -> WyomingServiceEvent? {
        while true {
            if let event = try decoder.next() { return event }
            var bytes = ByteBuffer()
            let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 65_536) {
                max(0, recv(descriptor, $0.baseAddress, 65_536, 0))
            }
            if count == 0 { return nil }
            decoder.append(bytes)
        }
    }

    /// What the worker tells next of its memory.
    func memory() throws -> [String: JSONValue] {
        while let event = try next() {
            if case .userEvent(name: "chorus.memory", let data) = event { return data }
        }
        return [:]
    }

    /// Returns when the worker has begun with what it was asked for. A ping may be answered just before it begins, so
    /// there are two.
    func untilItWorks() throws {
        for _ in 0..<2 {
            send(.ping(text: nil))
            while let event = try next(), event != .pong(text: nil) {}
        }
    }

    /// Asks for speech and waits for its end.
    func speak(_ text: String, voice: String? = nil, context: [String: JSONValue] = [:]) throws -> Speech {
        ask(text, voice: voice, context: context)
        return try listen()
    }

    /// Asks for speech.
    func ask(_ text: String, voice: String? = nil, context: [String: JSONValue] = [:]) {
        send(.synthesize(WyomingSynthesize(text: text, voice: voice.map { .init(name: $0) }, context: context)))
    }

    /// What comes until a job has ended.
    func listen() throws -> Speech {
        var speech = Speech()
        while let event = try next() {
            switch event {
            case .audioStart(let shape): speech.shape = shape
            case .audioChunk(let audio):
                speech.samples += audio.samples
                speech.chunkSizes.append(audio.samples.count)
            case .audioStop: return speech
            case .error(let text, let code):
                speech.error = text
                speech.code = code
                return speech
            case .userEvent(name: WyomingServiceEvent.noteName, let data): speech.notes += Array(data.values)
            case .info, .pong, .userEvent, .other: break
            }
        }
        speech.isCutOff = true
        return speech
    }
}
