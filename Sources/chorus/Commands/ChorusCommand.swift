import ArgumentParser

/// The program.
@main
struct ChorusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chorus",
        abstract: "One dependable speech API over a pool of speech models.",
        discussion: """
            Chorus keeps instances of speech models loaded, each in a process of its own, and decides which text is \
            spoken where and when. Callers see OpenAI's speech API. espeak-ng is built in, so that it works at once:

              chorus serve
              curl localhost:8080/v1/audio/speech --json '{"input":"Hello."}' -o hello.mp3

            Without a server:

              chorus speak "Hello." -o hello.mp3

            When something is amiss, 'chorus doctor' says what this machine lacks and 'chorus status' what the pool \
            is doing.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, SpeakCommand.self, StatusCommand.self, PlanCommand.self, ConfigCommand.self,
            KeyCommand.self, DoctorCommand.self,
        ]
    )
}
