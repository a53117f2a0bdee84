import ArgumentParser
import FoundationEssentials
import PoolCore
import SpeechTestSupport

/// `PoolLab picture`.
struct PictureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture",
        abstract: "Draws how long short texts take to be heard, by how much is wanted, as an SVG."
    )

    @Option(help: "How many seeds; each point is the median over them.") var seeds: UInt64 = 3

    @Argument(help: "The file to write.") var file: String

    private static let loads = Array(stride(from: 10, through: 120, by: 10))
    private static let orders: [(order: PoolConfiguration.Order, name: String, colour: String)] = [
        (.deadline, "Chorus", "#2a7de1"), (.arrival, "first come, first served", "#e0812b"),
    ]

    func run() throws {
        var scenario = PolicyLab.MixedLoad()
        scenario.seconds = 1_500
        scenario.admitsAll = false
        let lines = Self.orders.flatMap { order, name, colour in
            let outcomes = Self.loads.map { load in
                complain("\(name), \(load) %")
                scenario.load = Double(load) / 100
                return (1...seeds).map { scenario.run(order, seed: $0) }
            }
            func points(_ value: (PolicyLab.MixedLoad.Outcome) -> Double) -> [Chart.Point] {
                zip(Self.loads, outcomes).map { Chart.Point(x: Double($0), y: $1.map(value).median) }
            }
            return [
                Chart.Line(name: "\(name), p99", colour: colour, isDashed: false, points: points(\.p99FirstAudio)),
                Chart.Line(name: "\(name), p50", colour: colour, isDashed: true, points: points(\.medianFirstAudio)),
            ]
        }
        let chart = Chart(
            title: "Short texts: time to first audio",
            subtitle: "90 % short texts (20–80 characters), 10 % long (400–1,200); 8 workers, 0.3 s for 1 s of audio",
            xLabel: "offered load, % of what the workers can do",
            yLabel: "seconds, of those who are let in",
            lines: lines
        )
        try chart.svg.write(toFile: file, atomically: true, encoding: .utf8)
    }
}
