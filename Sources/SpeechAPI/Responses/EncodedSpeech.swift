import AudioEncoding
import SpeechCore

/// The speech of one request in the format that it asked for. One task uses it.
final class EncodedSpeech {
    private let stream: any SpeechStream
    private let encoder: AudioEncoder
    /// Where to encode; `nil` is right here, when that costs less than going elsewhere.
    private let executor: EncodingExecutor?
    private var isFinished = false
    /// Pieces that were encoded before the response asked for them, the last one first.
    private var kept: [[UInt8]] = []
    /// Counts the bytes in `kept`, of all answers together.
    private let room: Places

    /// Audio that the engine has made so far, before any change of speed.
    private(set) var made: Duration = .zero

    /// The engine's notes on the text so far.
    var notes: [String] { stream.notes }

    /// - Parameters:
    ///   - isFile: whether it is to be sent when all of it is there, with all lengths in it. See `finish`.
    ///   - room: counts bytes that are kept until they are sent, of all answers together.
    /// - Throws: `AudioEncodingError` when there is no encoder for the format.
    init(
        _ stream: any SpeechStream,
        as request: SpeechRequest,
        isFile: Bool,
        room: Places,
        on executor: EncodingExecutor
    ) throws {
        self.stream = stream
        self.room = room
        encoder = try AudioEncoder(format: request.format, speed: request.speed, output: isFile ? .file : .stream)
        self.executor = request.format.isCheapToEncode && request.speed == 1 ? nil : executor
    }

    /// The next bytes, never none, or `nil` at the end.
    /// - Throws: `SpeechError`, `AudioEncodingError`.
    func next() async throws -> [UInt8]? {
        guard let bytes = kept.popLast() else { return try await encoded() }
        room.giveBack(bytes.count)
        return bytes
    }

    /// Why a file is not finished.
    enum Excess: Error {
        /// It is larger than one may be.
        case file
        /// All that are kept are larger than they may be together.
        case allFiles
    }

    /// Makes all of a file before any of it is sent. Called at most once, before `next`. If there is no room for all of
    /// it, it is a stream still, whose lengths are unknown.
    /// - Returns: how many bytes it has.
    /// - Throws: `Excess`; otherwise as `next`.
    func finish(within limits: APILimits) async throws -> Int {
        defer { kept.reverse() }
        var count = 0
        while let bytes = try await encoded() {
            // The piece that is too much is kept, too, for a stream.
            kept.append(bytes)
            count += bytes.count
            guard room.take(bytes.count) <= limits.maxFileTotalBytes else { throw Excess.allFiles }
            guard count <= limits.maxFileBytes else { throw Excess.file }
        }
        var beginning = encoder.beginning[...]
        for index in kept.indices where !beginning.isEmpty {
            let replacement = beginning.prefix(kept[index].count)
            kept[index].replaceSubrange(..<replacement.count, with: replacement)
            beginning = beginning.dropFirst(replacement.count)
        }
        return count
    }

    /// Gives up what is kept and was not sent.
    func drop() {
        room.giveBack(kept.reduce(0) { $0 + $1.count })
        kept = []
    }

    private func encoded() async throws -> [UInt8]? {
        while !isFinished {
            let bytes: [UInt8]
            if let pcm = try await nextPCM() {
                bytes = try await encoding { try encoder.encode(pcm) }
            } else {
                isFinished = true
                bytes = try await encoding { try encoder.finish() }
            }
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }

    private func nextPCM() async throws -> PCM? {
        let stream = stream
        let pcm = try await withTaskCancellationHandler {
            try await stream.next()
        } onCancel: {
            stream.cancel()
        }
        if let pcm { made += pcm.duration }
        return pcm
    }

    private func encoding(_ work: () throws -> [UInt8]) async throws -> [UInt8] {
        guard let executor else { return try work() }
        return try await withTaskExecutorPreference(executor) { try work() }
    }
}
