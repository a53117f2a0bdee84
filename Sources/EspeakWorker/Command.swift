/// What the command line asks for.
enum Command: Equatable {
    case help
    case listVoices
    /// Serve on the Unix socket at this path.
    case serve(path: String)

    static let usage = """
        USAGE: chorus-espeak --uri unix:///path/to/socket
               chorus-espeak --list-voices

        Speaks with libespeak-ng, as a Wyoming text-to-speech service. One text at a time; every text gets the very
        samples that `espeak-ng -v VOICE --stdout TEXT` makes, but for what the program does not do well: there is a
        pause at the end of a line, [[…]] is text, and where the library's voice for Chinese does not read it, another
        one does. SIGTERM stops it.

        OPTIONS:
          --uri unix://PATH   The socket to listen on.
          --list-voices       Print the voices: name, languages, description.
          -h, --help          Print this.

        A variant may follow a voice's name, as in en-us+f2. The context of `synthesize` may hold rate (80 to 450 words
        per minute), pitch (0 to 99), volume (0 to 200) and phonemes (true: [[…]] in the text is espeak-ng's code for
        phonemes).
        """

    private static let uriScheme = "unix://"

    /// - Parameter arguments: the command line without the program's name.
    init(_ arguments: some Sequence<String>) throws(WorkerError) {
        let arguments = Array(arguments)
        switch (arguments.first, arguments.count) {
        case ("-h", _), ("--help", _): self = .help
        case ("--list-voices", 1): self = .listVoices
        case ("--uri", 2): self = .serve(path: try Self.path(uri: arguments[1]))
        default: throw WorkerError("these arguments are not understood\n\n\(Self.usage)")
        }
    }

    private static func path(uri: String) throws(WorkerError) -> String {
        guard uri.hasPrefix(uriScheme), uri.count > uriScheme.count else {
            throw WorkerError("\(uri) is not a socket; give one as --uri unix:///path/to/socket")
        }
        return String(uri.dropFirst(uriScheme.count))
    }
}
