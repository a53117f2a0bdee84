import ArgumentParser

/// The policy laboratory: what the scheduler promises, as figures from the simulator. Benchmarks/ has the same with a real
/// server and workers that sleep.
@main
struct PoolLab: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "PoolLab",
        abstract: "What the scheduler promises, in the simulator.",
        subcommands: [
            PolicyCommand.self, PictureCommand.self, ExpectCommand.self, SoakCommand.self, EventsCommand.self,
        ]
    )
}
