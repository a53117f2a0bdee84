import ArgumentParser
import AudioEncoding
import Glibc
import Logging
import Observability
import SpeechCore

/// `chorus speak`.
struct SpeakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speak",
        abstract: "Speak a text into a file, without a server.",
        discussion: """
            Starts the engine, speaks the text and stops it again. The audio goes to the file, which appears when it \
            is complete, or is streamed to standard output; what it takes is shown on standard error.

            Examples:
              chorus speak "Hello, world." -o hello.mp3
              chorus speak "你好，世界。" --voice nova -o hello.opus
              chorus speak - --format wav < story.txt | aplay
            """
    )

    @Argument(help: "What to say; - reads it from standard input.")
    var text: String

    @Option(
        name: .shortAndLong,
        help: "The file to write, whose extension says the format; - is standard output.",
        completion: .file()
    )
    var output: String?

    @Option(help: "A voice of the engine, an alias such as alloy, or auto, which goes by the text's script.")
    var voice: String?

    @Option(help: "An engine, or an alias of one. (default: the first engine)")
    var model: String?

    @Option(help: "How fast to speak, from 0.25 to 4; the pitch stays.")
    var speed = 1.0

    @Option(help: "The audio format. (default: what the file's extension says, else mp3)")
    var format: AudioFormat?

    @OptionGroup var source: ConfigurationOptions

    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (0.25...4).contains(speed) else {
            throw ValidationError("The speed is \(speed); it must be from 0.25 to 4.")
        }
        if let file, format == nil, AudioFormat(fileName: file) == nil {
            let formats = (AudioFormat.allCases.map(\.rawValue) + ["m4a"]).joined(separator: ", ")
            throw ValidationError("'\(file)' does not say its format; end it in one of \(formats), or add --format.")
        }
    }

    func run() async throws {
        if file == nil, isatty(STDOUT_FILENO) == 1 {
            throw ValidationError("Audio is not for a terminal; add -o FILE, or pipe it into a program.")
        }
        var configuration = try source.load(flags: log.flags).configuration
        // The file's log settings are meant for a server.
        if log.logLevel == nil { configuration.log.level = .warning }
        if log.logFormat == nil { configuration.log.format = .text }
        let format = format ?? file.flatMap(AudioFormat.init(fileName:)) ?? .mp3
        try await Speaker(configuration: configuration).speak(
            text: try spokenText(limitCharacters: configuration.limits.maxInput),
            voice: voice,
            model: model,
            speed: speed,
            format: format,
            container: format == .aac && file?.lowercased().hasSuffix(".m4a") == true ? .m4a : .file,
            output: file
        )
    }

    /// The file's name; `nil` is standard output.
    private var file: String? { output == "-" ? nil : output }

    /// The text, from standard input if it is `-`.
    private func spokenText(limitCharacters: Int) throws -> String {
        guard text == "-" else { return text }
        let longestCharacterBytes = 4
        let limitBytes = limitCharacters * longestCharacterBytes
        return try BoundedFile.text(of: STDIN_FILENO, name: "standard input", limitBytes: limitBytes)
    }
}
