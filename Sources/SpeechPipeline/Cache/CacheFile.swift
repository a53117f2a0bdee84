import Hashing
import SpeechCore

/// The bytes of a file that keeps audio, and how they are read again. All numbers have their lowest byte first.
///
/// `magic`, version (4), SHA-256 of the rest (32), key (32), nothing to say (1), sample rate (4), number of notes (1),
/// each note's length (2) and text, number of samples (8), samples (2 each).
enum CacheFile {
    /// The format's version.
    static let version: UInt32 = 1
    /// The first bytes of every such file.
    static let magic = Array("choraudi".utf8)
    /// Bytes of a file at the most.
    static let maxBytes = SegmentAudio.limitBytes + SegmentAudio.maxNotes * SegmentAudio.maxNoteBytes + (1 << 10)
    /// How long the pieces are that audio is read in.
    private static let piecesPerSecond = 2

    /// A file's bytes; `nil` if the audio changes its sample rate, which nobody can use.
    static func bytes(of audio: KeptAudio, for key: SegmentKey) -> [UInt8]? {
        let sampleRate = audio.chunks.first?.sampleRate ?? 0
        guard audio.chunks.allSatisfy({ $0.sampleRate == sampleRate }) else { return nil }
        var body: [UInt8] = []
        body.reserveCapacity(audio.byteCount)
        body += key.bytes
        body.append(audio.hadNothingToSay ? 1 : 0)
        add(UInt32(sampleRate), to: &body)
        body.append(UInt8(audio.notes.count))
        for note in audio.notes {
            add(UInt16(note.utf8.count), to: &body)
            body += note.utf8
        }
        add(UInt64(audio.chunks.reduce(0) { $0 + $1.samples.count }), to: &body)
        for chunk in audio.chunks {
            chunk.samples.map(\.littleEndian).withUnsafeBytes { body += $0 }
        }
        var bytes = magic
        add(version, to: &bytes)
        bytes += SHA256.hash(body)
        return bytes + body
    }

    /// The audio in a file's bytes; `nil` if they are not exactly what was written for that key.
    static func audio(in bytes: [UInt8], for key: SegmentKey) -> KeptAudio? {
        var rest = bytes[...]
        guard take(magic.count, from: &rest)?.elementsEqual(magic) == true, number(UInt32.self, from: &rest) == version,
            let digest = take(SHA256.byteCount, from: &rest), SHA256.hash(rest).elementsEqual(digest),
            take(SegmentKey.byteCount, from: &rest)?.elementsEqual(key.bytes) == true,
            let hadNothingToSay = number(UInt8.self, from: &rest), let rate = number(UInt32.self, from: &rest),
            let noteCount = number(UInt8.self, from: &rest)
        else { return nil }
        var audio = KeptAudio()
        audio.hadNothingToSay = hadNothingToSay != 0
        for _ in 0..<noteCount {
            guard let count = number(UInt16.self, from: &rest), let text = take(Int(count), from: &rest) else {
                return nil
            }
            audio.note(String(decoding: text, as: UTF8.self))
        }
        guard let count = number(UInt64.self, from: &rest), rest.count.isMultiple(of: 2), count == rest.count / 2,
            count == 0 || rate > 0
        else { return nil }
        let pieceBytes = 2 * max(1, Int(rate) / piecesPerSecond)
        while let piece = take(min(pieceBytes, rest.count), from: &rest), !piece.isEmpty {
            audio.append(PCM(samples: samples(piece), sampleRate: Int(rate)))
        }
        return audio
    }

    private static func samples(_ bytes: ArraySlice<UInt8>) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: bytes.count / 2) { samples, count in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(samples).copyBytes(from: $0) }
            count = bytes.count / 2
            for index in 0..<count { samples[index] = Int16(littleEndian: samples[index]) }
        }
    }

    private static func add(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func number<Number: FixedWidthInteger>(
        _: Number.Type,
        from rest: inout ArraySlice<UInt8>
    ) -> Number? {
        take(MemoryLayout<Number>.size, from: &rest)?.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
