import CLibAV

/// Fills frames of AAC up with fill elements (ISO/IEC 14496-3, 4.4.1), so that after each of them about as many bytes
/// have been written as a constant bit rate has in that time. A stream of ADTS frames says nowhere how long it is:
/// players divide its size by the bit rate of its first frames.
///
/// A frame that is larger than its share is left as it is. Those after it are filled up less until that is made up.
struct AACFilling {
    /// The ADTS header before each frame.
    private static let adtsHeaderBytes = 7
    /// Samples of a frame.
    private static let frameSamples = 1024
    /// The elements of a frame, which are three bits each.
    private static let fillElement = 0b110
    private static let endElement = 0b111

    private let bitRate: Int
    private var frames = 0
    private var writtenBytes = 0

    init(bitRate: Int) {
        self.bitRate = bitRate
    }

    /// Fills up the next frame.
    /// - Parameter packet: the frame as libav's encoder makes it: its last element ends with the last bit that is one.
    mutating func fill(_ packet: UnsafeMutablePointer<AVPacket>) throws(AudioEncodingError) {
        frames += 1
        let dueBytes = frames * Self.frameSamples * bitRate / (8 * AudioEncoder.sampleRate)
        let oldBytes = Int(packet.pointee.size)
        let newBytes = dueBytes - writtenBytes - Self.adtsHeaderBytes
        writtenBytes += max(oldBytes, newBytes) + Self.adtsHeaderBytes
        guard newBytes > oldBytes else { return }
        try LibAV.check(av_packet_make_writable(packet), "fill up a packet")
        try LibAV.check(av_grow_packet(packet, Int32(newBytes - oldBytes)), "fill up a packet")
        guard let data = packet.pointee.data else { return }
        let bytes = UnsafeMutableBufferPointer(start: data, count: newBytes)
        bytes.extracting(oldBytes...).update(repeating: 0)
        guard let last = (0..<oldBytes).last(where: { bytes[$0] != 0 }) else { return }
        // The end element is overwritten, and comes again behind the fill elements.
        var bits = BitWriter(bytes: bytes, position: 8 * last + 8 - bytes[last].trailingZeroBitCount - 3)
        Self.fill(&bits, upTo: 8 * newBytes - 3)
        bits.put(Self.endElement, width: 3)
    }

    /// Writes fill elements until fewer bits are left before `end` than the smallest one has, seven. A frame may end
    /// with that many bits after its last element.
    private static func fill(_ bits: inout BitWriter, upTo end: Int) {
        while end - bits.position >= 7 {
            let shortCount = (end - bits.position - 7) / 8
            bits.put(fillElement, width: 3)
            if shortCount > 15 {
                // The number of bytes takes eight bits more.
                let count = min(shortCount - 1, 14 + 255)
                bits.put(15, width: 4)
                bits.put(count - 14, width: 8)
                bits.position += 8 * count
            } else {
                let count = min(shortCount, 14)
                bits.put(count, width: 4)
                bits.position += 8 * count
            }
        }
    }
}

/// Writes bits, the highest of each byte first.
private struct BitWriter {
    let bytes: UnsafeMutableBufferPointer<UInt8>
    var position: Int

    mutating func put(_ value: Int, width: Int) {
        for bit in (0..<width).reversed() {
            let mask = UInt8(0x80) >> (position % 8)
            if value >> bit & 1 == 1 { bytes[position / 8] |= mask } else { bytes[position / 8] &= ~mask }
            position += 1
        }
    }
}
