import NIOCore
import SpeechCore

/// What the samples of an audio stream are like. They are always signed 16-bit little-endian numbers.
package struct AudioShape: Sendable, Hashable {
    /// Channels that a service may send; more than one are averaged to mono.
    package static let channelCounts = 1...8
    /// Bytes of one sample.
    private static let width = MemoryLayout<Int16>.size

    /// Samples per second and channel, within `PCM.sampleRates`.
    package let sampleRate: Int
    /// Within `channelCounts`.
    package let channels: Int

    /// Both must be within their limits.
    package init(sampleRate: Int, channels: Int = 1) {
        precondition(PCM.sampleRates.contains(sampleRate) && Self.channelCounts.contains(channels), "a legal shape")
        self.sampleRate = sampleRate
        self.channels = channels
    }

    /// One channel at a rate that somebody else named.
    init(mono sampleRate: Int) throws(WyomingError) {
        guard PCM.sampleRates.contains(sampleRate) else { throw Self.wrongRate(sampleRate) }
        self.init(sampleRate: sampleRate)
    }

    /// Reads the data of `audio-start` and `audio-chunk`.
    init(_ frame: WyomingFrame) throws(WyomingError) {
        var rate: Int?
        var width: Int?
        var channels: Int?
        var members = try JSONMembers(of: frame.data, what: "the data of audio")
        while let (key, value) = try members.next() {
            switch key {
            case "rate": rate = try value.integer()
            case "width": width = try value.integer()
            case "channels": channels = try value.integer()
            default: break
            }
        }
        guard let rate, let width, let channels else {
            throw WyomingError("audio lacks one of rate, width and channels")
        }
        guard PCM.sampleRates.contains(rate) else { throw Self.wrongRate(rate) }
        guard width == Self.width else {
            throw WyomingError("the audio's width is \(width) bytes; only 2 (16-bit samples) is understood")
        }
        guard Self.channelCounts.contains(channels) else {
            throw WyomingError("the audio has \(channels) channels; it may have \(Self.channelCounts)")
        }
        self.sampleRate = rate
        self.channels = channels
    }

    private static func wrongRate(_ rate: Int) -> WyomingError {
        WyomingError("the audio's rate is \(rate) Hz; it may be \(PCM.sampleRates) Hz")
    }

    /// The payload as mono audio.
    func audio(in payload: ByteBuffer?) throws(WyomingError) -> PCM {
        guard let payload else { return PCM(samples: [], sampleRate: sampleRate) }
        guard payload.readableBytes % (Self.width * channels) == 0 else {
            throw WyomingError("\(payload.readableBytes) bytes of audio are no whole number of samples")
        }
        // Every machine that we build for is little-endian, as the payload is.
        let samples = payload.withUnsafeReadableBytes { bytes in
            [Int16](unsafeUninitializedCapacity: bytes.count / Self.width) { samples, count in
                UnsafeMutableRawBufferPointer(samples).copyMemory(from: bytes)
                count = samples.count
            }
        }
        return PCM(samples: channels == 1 ? samples : mono(samples), sampleRate: sampleRate)
    }

    private func mono(_ samples: [Int16]) -> [Int16] {
        (0..<samples.count / channels).map { frame in
            let sum = samples[frame * channels..<(frame + 1) * channels].reduce(0) { $0 + Int($1) }
            return Int16(sum / channels)
        }
    }

    /// Appends a mono `audio-chunk`. There are thousands of these per second, so the header is put together by hand.
    static func encodeChunk(_ audio: PCM, into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: audio.byteCount + 128)
        buffer.writeStaticString(#"{"type":"audio-chunk","data":{"rate":"#)
        buffer.writeString(String(audio.sampleRate))
        buffer.writeStaticString(#","width":2,"channels":1},"payload_length":"#)
        buffer.writeString(String(audio.byteCount))
        buffer.writeStaticString("}\n")
        _ = audio.samples.withUnsafeBytes { buffer.writeBytes($0) }
    }

    /// Appends an `audio-start`.
    func encodeStart(into buffer: inout ByteBuffer) {
        buffer.writeWyoming(
            type: "audio-start",
            data: Wire(rate: sampleRate, width: Self.width, channels: channels)
        )
    }

    private struct Wire: Encodable {
        var rate: Int
        var width: Int
        var channels: Int
    }
}
