import CEspeak
import Glibc
import NIOCore
import SpeechCore
import Wyoming

/// The job that is running: a process that speaks a part of it, and samples on their way into chunks.
struct Job {
    /// How a job ended.
    enum End: Equatable {
        case done
        case failed(text: String, code: WyomingErrorCode)
    }

    /// The connection that it is for.
    let owner: Int32
    /// Where the samples come from; readable when there are some.
    private(set) var output: Int32
    /// Whether the owner has been told that audio begins.
    var isAnnounced = false
    /// What is spoken, and until when.
    let request: JobRequest

    private var process: pid_t
    /// The part that is being spoken.
    private var index = 0
    private let sampleRate: Int
    private let substitutes: [UnsafePointer<CChar>?]
    private var unsent = ByteBuffer()
    private var chunkSamples: Int

    /// The first chunk is one of so many in a second: short, so that there is something to hear soon.
    private static let firstChunksPerSecond = 20
    /// Each chunk is twice as long as the one before, until so many make a second.
    private static let laterChunksPerSecond = 4
    /// Milliseconds at the end of a part that has no pause there. The library ends it with more of zeros, however fast
    /// it speaks; but with some variants there is an echo in them.
    private static let fadeMilliseconds = 2
    /// What is read at once: all that a pipe holds.
    private static let readBytes = 64 * 1024

    /// - Parameter substitutes: see `VoiceCatalogue`.
    init(
        _ request: JobRequest,
        owner: Int32,
        sampleRate: Int,
        substitutes: [UnsafePointer<CChar>?]
    ) throws(WorkerError) {
        (process, output) = try request.start(request.parts[0], substitutes: substitutes)
        self.substitutes = substitutes
        self.owner = owner
        self.request = request
        self.sampleRate = sampleRate
        self.chunkSamples = sampleRate / Self.firstChunksPerSecond
    }

    /// Reads what has been spoken.
    /// - Returns: `false` when there is no more to come.
    mutating func read() -> Bool {
        unsent.discardReadBytes()
        var result = -1
        while true {
            unsent.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.readBytes) { [output] in
                result = Glibc.read(output, $0.baseAddress, Self.readBytes)
                return max(0, result)
            }
            guard result < 0, errno == EINTR else { return result > 0 }
        }
    }

    /// The next chunk, or `nil` until there is enough for one.
    mutating func nextChunk() -> PCM? {
        let held = fadesOut ? fadeSamples : 0
        guard unsent.readableBytes >= (chunkSamples + held) * MemoryLayout<Int16>.size else { return nil }
        defer { chunkSamples = min(chunkSamples * 2, sampleRate / Self.laterChunksPerSecond) }
        return takeSamples(chunkSamples)
    }

    /// What is left after the last chunk.
    mutating func rest() -> PCM? {
        let samples = unsent.readableBytes / MemoryLayout<Int16>.size
        return samples > 0 ? takeSamples(samples) : nil
    }

    /// Goes on to the next part, after the process has ended that spoke the last.
    /// - Returns: `false` when there is none.
    mutating func beginNextPart() throws(WorkerError) -> Bool {
        guard index + 1 < request.parts.count else { return false }
        if fadesOut { fadeOut() }
        index += 1
        (process, output) = try request.start(request.parts[index], substitutes: substitutes)
        return true
    }

    /// Collects the process, which has said all of its part or is to say no more.
    func end() -> End {
        close(output)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        let code = status >> 8 & 0xff
        switch (signal, code) {
        case (0, Int32(CHORUS_ESPEAK_DONE)):
            return .done
        case (0, Int32(CHORUS_ESPEAK_UNKNOWN_VOICE)):
            return .failed(text: JobRequest.unknownVoice(request.parts[index].voice), code: .badRequest)
        case (0, _):
            return .failed(text: "libespeak-ng could not speak the text", code: .internal)
        default:
            return .failed(text: "the process that spoke died of signal \(signal)", code: .internal)
        }
    }

    /// Ends the process, whatever it is doing.
    func kill() {
        _ = Glibc.kill(process, SIGKILL)
        _ = end()
    }

    /// Whether the next part follows the one that is being spoken without a pause.
    private var fadesOut: Bool { index + 1 < request.parts.count && !request.parts[index].endsWithPause }

    private var fadeSamples: Int { sampleRate * Self.fadeMilliseconds / 1000 }

    /// Lets what is left of an echo fade where the next voice begins. Zeros stay what they are.
    private mutating func fadeOut() {
        let size = MemoryLayout<Int16>.size
        let count = min(fadeSamples, unsent.readableBytes / size)
        for sample in 0..<count {
            let position = unsent.writerIndex - (count - sample) * size
            let value = unsent.getInteger(at: position, endianness: .little, as: Int16.self) ?? 0
            unsent.setInteger(Int16(Int(value) * (count - 1 - sample) / count), at: position, endianness: .little)
        }
    }

    private mutating func takeSamples(_ count: Int) -> PCM {
        let bytes = unsent.readSlice(length: count * MemoryLayout<Int16>.size) ?? ByteBuffer()
        let samples = bytes.withUnsafeReadableBytes { bytes in
            [Int16](unsafeUninitializedCapacity: count) { samples, initialized in
                UnsafeMutableRawBufferPointer(samples).copyMemory(from: bytes)
                initialized = count
            }
        }
        return PCM(samples: samples, sampleRate: sampleRate)
    }
}
