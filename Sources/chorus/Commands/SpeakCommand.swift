import ArgumentParser
import Glibc
import SpeechCore

/// `chorus speak`.
struct SpeakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speak",
        abstract: "Speak a text into a file, without a server.",
        discussion: """
            Starts the engine, speaks the text and stops it again. The audio goes to the file, or to standard output \
            if there is none; what it takes is shown on standard error.

            Examples:
              chorus speak "Hello, world." -o hello.mp3
              chorus speak "你好，世界。" --voice nova -o hello.opus
              chorus speak - --format wav < story.txt | aplay
            """
    )

    @Argument(help: "What to say; - reads it from standard input.")
    var text: String

    @Option(name: .shortAndLong, help: "The file to write; its extension says the format.", completion: .file())
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

    func validate() throws {
        guard (0.25...4).contains(speed) else {
            throw ValidationError("The speed is \(speed); it must be from 0.25 to 4.")
        }
        if let output, format == nil, AudioFormat(fileName: output) == nil {
            let formats = AudioFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("'\(output)' does not say its format; end it in one of \(formats), or add --format.")
        }
    }

    func run() async throws {
        if output == nil, isatty(STDOUT_FILENO) == 1 {
            throw ValidationError("Audio is not for a terminal; add -o FILE, or pipe it into a program.")
        }
        let configuration = try source.load().configuration
        try await Speaker(configuration: configuration).speak(
            text: try spokenText(limitCharacters: configuration.limits.maxInput),
            voice: voice,
            model: model,
            speed: speed,
            format: format ?? output.flatMap(AudioFormat.init(fileName:)) ?? .mp3,
            output: output
        )
    }

    /// The text, from standard input if it is `-`.
    private func spokenText(limitCharacters: Int) throws -> String {
        guard text == "-" else { return text }
        let longestCharacterBytes = 4
        let limitBytes = limitCharacters * longestCharacterBytes
        return try BoundedFile.text(of: STDIN_FILENO, name: "standard input", limitBytes: limitBytes)
    }
}
