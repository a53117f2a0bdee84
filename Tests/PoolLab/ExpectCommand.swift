import ArgumentParser
import FoundationEssentials
import PoolCore
import SpeechTestSupport

/// `PoolLab expect`.
struct ExpectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expect",
        abstract: "What ought to come of the scenarios that Benchmarks/ runs with a real server, as JSON.",
        discussion: "The workers sleep 3 ms for a character and make 10 ms of audio of it."
    )

    @Option(help: "For the utterances.") var seed: UInt64 = 1

    @Option(help: "How long the mixed load lasts, in seconds.") var seconds = 45.0

    private struct Expectation: Encodable {
        var slots: Int
        var microsecondsPerUnit: Int
        var mixed: Mixed
        var listeners: Listeners
        var rivals: Rivals
        var deadlines: Deadlines
    }

    private struct Mixed: Encodable {
        var warmUpSeconds: Double
        var arrivals: [TrafficSimulator.Arrival]
        /// Of the short texts, in seconds, by order.
        var p99FirstAudio: [String: Double]
        var medianFirstAudio: [String: Double]
    }

    private struct Listeners: Encodable {
        var seconds: Double
        var comingSeconds: Double
        var units: [Int]
        var toleratedGap: Double
        /// By order.
        var greatestCount: [String: Int]
    }

    private struct Deadlines: Encodable {
        var seconds: Double
        var deadline: Double
        var load: Double
        var serviceMilliseconds: Int
        var microsecondsPerUnit: Int
        var arrivals: [TrafficSimulator.Arrival]
        var broken: Double
        var workInTime: Double
    }

    private struct Rivals: Encodable {
        var seconds: Double
        var weight: Double
        var shortClients: Int
        var longClients: Int
        /// Of the one with the long texts, by order.
        var share: [String: Double]
    }

    private static let orders = [PoolConfiguration.Order.deadline, .arrival]

    /// What the test worker does with `--unit-us 3000`.
    private static var speech: TrafficSpeech {
        var speech = TrafficSpeech()
        speech.secondsPerUnit = 0.003
        speech.audioPerUnit = 0.01
        speech.chunk = 0.1
        speech.noise = 0
        return speech
    }

    func run() throws {
        let expectation = Expectation(
            slots: 8,
            microsecondsPerUnit: Int(Self.speech.secondsPerUnit * 1e6),
            mixed: mixed,
            listeners: listeners,
            rivals: rivals,
            deadlines: deadlines
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(expectation), as: UTF8.self))
    }

    private var mixed: Mixed {
        var scenario = PolicyLab.MixedLoad()
        scenario.speech = Self.speech
        scenario.seconds = seconds
        // As the gateway does.
        scenario.admitsAll = false
        let outcomes = Self.orders.map { (order: $0, outcome: scenario.run($0, seed: seed)) }
        func byOrder(_ value: (PolicyLab.MixedLoad.Outcome) -> Double) -> [String: Double] {
            Dictionary(uniqueKeysWithValues: outcomes.map { ($0.order.rawValue, value($0.outcome)) })
        }
        return Mixed(
            warmUpSeconds: scenario.plan.warmUpSeconds,
            arrivals: scenario.arrivals(seed: seed),
            p99FirstAudio: byOrder(\.p99FirstAudio),
            medianFirstAudio: byOrder(\.medianFirstAudio)
        )
    }

    private var listeners: Listeners {
        var scenario = PolicyLab.Listeners()
        scenario.speech = Self.speech
        scenario.seconds = 20
        scenario.comingSeconds = 5
        let counts = Self.orders.map { ($0.rawValue, scenario.greatestCount($0, seed: seed)) }
        return Listeners(
            seconds: scenario.seconds,
            comingSeconds: scenario.comingSeconds,
            units: [scenario.units.lowerBound, scenario.units.upperBound],
            toleratedGap: scenario.toleratedGap,
            greatestCount: Dictionary(uniqueKeysWithValues: counts)
        )
    }

    private var deadlines: Deadlines {
        let scenario = PolicyLab.Deadlines()
        let outcome = scenario.run(seed: seed)
        return Deadlines(
            seconds: scenario.seconds,
            deadline: scenario.deadline,
            load: scenario.load,
            serviceMilliseconds: Int((scenario.speech.overhead * 1e3).rounded()),
            microsecondsPerUnit: Int((scenario.speech.secondsPerUnit * 1e6).rounded()),
            arrivals: scenario.arrivals(seed: seed),
            broken: Double(outcome.broken) / Double(max(1, outcome.admitted)),
            workInTime: outcome.workInTime
        )
    }

    private var rivals: Rivals {
        var scenario = PolicyLab.Rivals()
        scenario.speech = Self.speech
        scenario.weight = 4
        scenario.clients = (short: 24, long: 8)
        scenario.seconds = 20
        let shares = Self.orders.map { ($0.rawValue, scenario.share($0, seed: seed)) }
        return Rivals(
            seconds: scenario.seconds,
            weight: scenario.weight,
            shortClients: scenario.clients.short,
            longClients: scenario.clients.long,
            share: Dictionary(uniqueKeysWithValues: shares)
        )
    }
}
