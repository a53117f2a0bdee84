import AudioEncoding
import SpeechCore

/// The speech of one request in the format that it asked for. One task uses it.
final class EncodedSpeech {
    private let stream: any SpeechStream
    private let format: AudioFormat
    private let speed: Double
    private let encoder: AudioEncoder
    /// Where to encode; `nil` is right here, when that costs less than going elsewhere.
    private let executor: EncodingExecutor?
    private var isFinished = false

    /// Audio that the engine has made so far, before any change of speed.
    private(set) var made: Duration = .zero

    /// What the engine remarked on the text so far.
    var notes: [String] { stream.notes }

    /// - Throws: `AudioEncodingError` when there is no encoder for the format.
    init(_ stream: any SpeechStream, as request: SpeechRequest, on executor: EncodingExecutor) throws {
        self.stream = stream
        format = request.format
        speed = request.speed
        encoder = try AudioEncoder(format: request.format, speed: request.speed)
        self.executor = request.format.isCheapToEncode && request.speed == 1 ? nil : executor
    }

    /// The next bytes, never none, or `nil` at the end.
    /// - Throws: `SpeechError`, `AudioEncodingError`.
    func next() async throws -> [UInt8]? {
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

    /// All of it at once, with what a header can say only when the length is known. Instead of `next`.
    /// - Throws: as `next`.
    func whole() async throws -> [UInt8] {
        var pieces: [PCM] = []
        while let pcm = try await nextPCM() { pieces.append(pcm) }
        isFinished = true
        return try await encoding { try AudioEncoder.encodeWhole(pieces, format: format, speed: speed) }
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
