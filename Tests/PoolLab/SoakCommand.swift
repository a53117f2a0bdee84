import ArgumentParser
import SpeechTestSupport

/// `PoolLab soak`.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Random lives of random pools, each of which keeps all the rules.",
        discussion: "The first that breaks one ends it: its seed and its last steps are printed, and the status is 1."
    )

    @Option(help: "How many.") var seeds: UInt64 = 100_000

    @Option(help: "The first seed.") var first: UInt64 = 1

    /// Lives between two signs of life.
    private static let batch: UInt64 = 1_000

    func run() throws {
        var events = 0
        let start = ContinuousClock.now
        for seed in first..<first + seeds {
            var walk = PoolSimulator.RandomWalk(seed: seed)
            do throws(PoolSimulator.Violation) {
                try walk.run()
            } catch {
                print("seed \(seed): \(error)")
                print("CHORUS_SEED=\(seed) swift test --filter RandomWalkTests walks it again.")
                throw ExitCode.failure
            }
            events += walk.events
            let done = seed - first + 1
            guard done.isMultiple(of: Self.batch) || done == seeds else { continue }
            let seconds = start.duration(to: .now) / .seconds(1)
            complain("\(done) of \(seeds) lives, \(events) events, \(Int(seconds)) s")
        }
    }
}
