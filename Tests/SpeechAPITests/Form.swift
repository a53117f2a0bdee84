import AudioEncoding
import SpeechCore

/// A form as `multipart/form-data`.
struct Form {
    private var parts: [UInt8] = []

    /// Adds a field, or a file if it has a file's name.
    mutating func add(_ name: String, _ value: some Sequence<UInt8>, file: String? = nil) {
        let file = file.map { "; filename=\"\($0)\"\r\nContent-Type: audio/wav" } ?? ""
        parts += Array("--x\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n".utf8)
        parts += Array(value) + Array("\r\n".utf8)
    }

    /// The body, in the boundary `x`.
    var bytes: [UInt8] { parts + Array("--x--\r\n".utf8) }

    /// A form for a voice from a recording.
    /// - Parameter fields: the text ones.
    static func recording(_ recording: PCM, _ fields: [(String, String)]) throws -> Form {
        var form = Form()
        for (name, value) in fields { form.add(name, value.utf8) }
        form.add("audio_sample", try recording.encoded(.wav), file: "a \\\"b\\\".wav")
        return form
    }
}

extension PCM {
    /// A second and a half of a saw, at the rate that needs no conversion.
    static let recording = PCM(samples: (0..<36_000).map { Int16($0 % 100 * 100) }, sampleRate: 24_000)

    /// A file of it.
    func encoded(_ format: AudioFormat) throws -> [UInt8] {
        let encoder = try AudioEncoder(format: format, output: .file)
        var bytes = try encoder.encode(self) + encoder.finish()
        bytes.replaceSubrange(..<encoder.beginning.count, with: encoder.beginning)
        return bytes
    }
}
