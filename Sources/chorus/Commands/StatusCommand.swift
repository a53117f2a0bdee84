import ArgumentParser
import FoundationEssentials
import Glibc

/// `chorus status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what the pool of a running server is doing.",
        discussion: """
            Shows each engine, each instance with its state, process, restarts, finished jobs and memory, and the \
            queue. Exits with 1 if no server answers. If the server wants an API key, put one into CHORUS_API_KEY.

            Examples:
              chorus status
              chorus status --url http://speech.example:8080 --watch
              chorus status --json | jq '.instances[] | select(.state != "ready")'
            """
    )

    @Option(help: ArgumentHelp("The server.", valueName: "url"))
    var url = "http://127.0.0.1:8080"

    @Flag(help: "Print the server's JSON.")
    var json = false

    @Flag(help: "Show it anew each second, until Ctrl-C.")
    var watch = false

    /// From the end of one look at the server to the next.
    private static let interval = Duration.seconds(1)

    func run() async throws {
        guard watch else {
            print(try await report(), terminator: "")
            return
        }
        let clear = isatty(STDOUT_FILENO) == 1 ? "\u{1B}[H\u{1B}[2J" : ""
        while true {
            // A server that restarts is worth watching too.
            let text: String
            do { text = try await report() } catch { text = "\(error)\n" }
            print(clear + text, terminator: "")
            fflush(nil)
            try await Task.sleep(for: Self.interval)
        }
    }

    private func report() async throws(PoolClient.Failure) -> String {
        let key = ProcessInfo.processInfo.environment["CHORUS_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
        let (pool, json) = try await PoolClient(url: url, key: key).snapshot()
        return self.json ? json + "\n" : StatusReport(snapshot: pool).text
    }
}
