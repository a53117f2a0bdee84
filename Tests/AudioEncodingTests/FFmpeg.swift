import Foundation
import SpeechCore
import Testing

/// The `ffmpeg` and `ffprobe` programs: another reader of what we write.
enum FFmpeg {
    struct Decoded {
        /// At 24 kHz.
        var samples: [Int16]
        /// ffmpeg's complaints.
        var complaints: String
        /// Whether it gave up.
        var failed: Bool
    }

    /// Decodes a file.
    /// - Parameter isStrict: whether warnings are told and any error ends it.
    static func decode(_ bytes: [UInt8], _ format: AudioFormat, isStrict: Bool = true) throws -> Decoded {
        let strictness = isStrict ? ["-v", "warning", "-xerror"] : ["-v", "error"]
        // A plain wav file does not say where its one channel sounds, and ffmpeg finds that worth a warning.
        let input = format == .wav || format == .pcm ? ["-guess_layout_max", "0"] : []
        let output = ["-i", "-", "-f", "s16le", "-ar", "24000", "-"]
        let result = try run("ffmpeg", strictness + input + inputFormat(format) + output, on: bytes)
        return Decoded(
            samples: Signal.samples(result.output),
            complaints: result.complaints,
            failed: result.status != 0
        )
    }

    /// ffprobe's line about the only stream, such as `mp3,24000,1`.
    static func probe(_ bytes: [UInt8], _ format: AudioFormat) throws -> String {
        let output = ["-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv=p=0", "-"]
        let result = try run("ffprobe", ["-v", "error"] + inputFormat(format) + output, on: bytes)
        return String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A file as players read it.
    struct Facts {
        /// How long it says it is, or seems to be, in seconds.
        var duration: Double
        /// At 24 kHz.
        var samples: [Int16]
        /// Complaints of ffprobe and ffmpeg.
        var complaints: String
    }

    /// Reads a file, in which players may go to and fro.
    static func facts(_ bytes: [UInt8], name: String) throws -> Facts {
        let duration = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", name]
        let probed = try run("ffprobe", duration, on: bytes, name: name)
        let decoding = ["-v", "warning", "-xerror", "-guess_layout_max", "0", "-i", name]
        let decoded = try run("ffmpeg", decoding + ["-f", "s16le", "-ar", "24000", "-"], on: bytes, name: name)
        let text = String(decoding: probed.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Facts(
            duration: try #require(Double(text)),
            samples: Signal.samples(decoded.output),
            complaints: probed.complaints + decoded.complaints
        )
    }

    private static func inputFormat(_ format: AudioFormat) -> [String] {
        format == .pcm ? ["-f", "s16le", "-ar", "24000"] : []
    }

    /// Runs a program with the bytes as its input. They come as a stream: of a file it would say, as a warning, that it
    /// guesses the duration from the size.
    /// - Parameter name: of a file with them in the directory that the program runs in.
    static func run(
        _ program: String,
        _ arguments: [String],
        on bytes: [UInt8],
        name: String = "input"
    ) throws -> (output: Data, complaints: String, status: Int32) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "chorus-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, for a pipe that nobody empties yet would fill up.
        let (input, errors) = (folder.appending(path: name), folder.appending(path: "errors"))
        try Data(bytes).write(to: input)
        try Data().write(to: errors)

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (data, try String(contentsOf: errors, encoding: .utf8), process.terminationStatus)
    }
}
