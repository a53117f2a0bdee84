import AudioEncoding
import Foundation
import SpeechCore

/// Sounds to encode, and what can be said of sounds that come back.
enum Signal {
    /// A tone with the loudness of speech.
    static func sine(_ frequency: Double, seconds: Double, sampleRate: Int = AudioEncoder.sampleRate) -> PCM {
        let step = 2 * Double.pi * frequency / Double(sampleRate)
        let count = Int((seconds * Double(sampleRate)).rounded())
        return PCM(samples: (0..<count).map { Int16(10_000 * sin(Double($0) * step)) }, sampleRate: sampleRate)
    }

    /// The frequency of a tone, from its upward crossings of zero. The edges, where encoders fade, are left out.
    static func frequency(of samples: [Int16], sampleRate: Int = AudioEncoder.sampleRate) -> Double {
        let middle = samples.dropFirst(samples.count / 5).dropLast(samples.count / 5)
        let crossings = zip(middle.indices, zip(middle, middle.dropFirst())).filter { $0.1.0 < 0 && $0.1.1 >= 0 }.map(
            \.0
        )
        guard let first = crossings.first, let last = crossings.last, last > first else { return 0 }
        return Double(crossings.count - 1) * Double(sampleRate) / Double(last - first)
    }

    /// How loud the middle of a sound is: the root of its mean square.
    static func level(of samples: [Int16]) -> Double {
        let middle = samples.dropFirst(samples.count / 5).dropLast(samples.count / 5)
        return (middle.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(middle.count, 1))).squareRoot()
    }

    /// Cuts a sound into pieces of awkward sizes.
    static func pieces(_ pcm: PCM, sizes: [Int] = [1, 37, 2205, 24_000]) -> [PCM] {
        var pieces: [PCM] = []
        var rest = pcm.samples[...]
        while !rest.isEmpty {
            let size = sizes[pieces.count % sizes.count]
            pieces.append(PCM(samples: Array(rest.prefix(size)), sampleRate: pcm.sampleRate))
            rest = rest.dropFirst(size)
        }
        return pieces
    }

    /// The samples in 16-bit little-endian bytes.
    static func samples(_ bytes: some Sequence<UInt8>) -> [Int16] {
        let bytes = Array(bytes)
        return stride(from: 0, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
    }
}

/// Encodes piece by piece, as a server does.
func stream(_ pieces: [PCM], format: AudioFormat, speed: Double = 1) throws -> [UInt8] {
    let encoder = try AudioEncoder(format: format, speed: speed)
    var bytes: [UInt8] = []
    for piece in pieces { bytes += try encoder.encode(piece) }
    return try bytes + encoder.finish()
}

/// Encodes a file that is complete before anybody reads it.
func file(
    _ pieces: [PCM],
    format: AudioFormat,
    speed: Double = 1,
    output: AudioEncoder.Output = .file
) throws -> [UInt8] {
    let encoder = try AudioEncoder(format: format, speed: speed, output: output)
    var bytes: [UInt8] = []
    for piece in pieces { bytes += try encoder.encode(piece) }
    bytes += try encoder.finish()
    bytes.replaceSubrange(..<encoder.beginning.count, with: encoder.beginning)
    return bytes
}
