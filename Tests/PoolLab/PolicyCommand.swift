import ArgumentParser
import FoundationEssentials
import Glibc

/// `PoolLab policy`.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Ours against FIFO, in figures.",
        discussion: "Each figure is the median over the seeds. What misses its aim is marked, and is no failure."
    )

    @Flag(help: "Print JSON.") var json = false

    @Option(help: "How many seeds.") var seeds: UInt64 = 5

    @Option(help: "The first of them.") var first: UInt64 = 1

    @Argument(
        help: "What to look at; all of it if nothing is named: \(PolicyFigures.names.joined(separator: ", ")).",
        completion: .list(PolicyFigures.names)
    )
    var scenarios: [String] = []

    func validate() throws {
        guard seeds > 0 else { throw ValidationError("--seeds is 1 at least.") }
        if let name = scenarios.first(where: { !PolicyFigures.names.contains($0) }) {
            throw ValidationError("There is no '\(name)'. There are \(PolicyFigures.names.joined(separator: ", ")).")
        }
    }

    func run() throws {
        let seeds = first..<first + seeds
        complain("seeds \(seeds.lowerBound) to \(seeds.upperBound - 1)")
        var figures: [Figure] = []
        for (name, measure) in PolicyFigures.all where scenarios.isEmpty || scenarios.contains(name) {
            let start = ContinuousClock.now
            let measured = measure(PolicyFigures(seeds: seeds))
            let seconds = start.duration(to: .now) / .seconds(1)
            complain("\(name): \((seconds * 10).rounded() / 10) s")
            if !json { print(Figure.table(measured) + "\n") }
            figures += measured
        }
        guard json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }
}

/// Writes a line to standard error.
func complain(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
