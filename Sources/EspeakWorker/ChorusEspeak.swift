import CEspeak
import Glibc
import SpeechCore

/// `chorus-espeak`: libespeak-ng as a Wyoming service.
@main
struct ChorusEspeak {
    static func main() {
        do throws(WorkerError) {
            switch try Command(CommandLine.arguments.dropFirst()) {
            case .help:
                print(Command.usage)
            case .listVoices:
                _ = try initializeLibrary()
                for voice in try VoiceCatalogue().voices {
                    print(voice.name, voice.languages.joined(separator: ","), voice.description ?? "", separator: "\t")
                }
            case .serve(let path):
                try serve(path)
            }
        } catch {
            complain(error.description)
            exit(1)
        }
    }

    private static func serve(_ path: String) throws(WorkerError) {
        // First of all, so that the library's helper thread leaves these signals to us too.
        let signals = stopSignals()
        let sampleRate = try initializeLibrary()
        let listener = try UnixListener(path: path)
        defer { listener.close() }
        var server = Server(
            listener: listener,
            signals: signals,
            catalogue: try VoiceCatalogue(),
            sampleRate: sampleRate
        )
        try server.run()
    }

    /// Returns the sample rate in Hz of what the library will say.
    private static func initializeLibrary() throws(WorkerError) -> Int {
        let sampleRate = chorus_espeak_initialize()
        guard sampleRate > 0 else {
            throw WorkerError("libespeak-ng found no data; install the package espeak-ng-data")
        }
        return Int(sampleRate)
    }

    /// A descriptor that is readable once we are asked to stop.
    private static func stopSignals() -> Int32 {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        sigprocmask(SIG_BLOCK, &set, nil)
        return signalfd(-1, &set, Int32(SFD_CLOEXEC))
    }
}

/// A line on standard error, for whoever runs the worker.
func complain(_ text: String) {
    let line = Array("chorus-espeak: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
