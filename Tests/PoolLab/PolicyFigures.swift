import PoolCore
import SpeechTestSupport

/// The figures of the scheduler's promises, as medians over seeds.
struct PolicyFigures {
    let seeds: Range<UInt64>

    /// All scenarios, by their names.
    static let all: [(name: String, measure: @Sendable (PolicyFigures) -> [Figure])] = [
        ("mixed", { $0.mixed }), ("listeners", { $0.listeners }), ("tenants", { $0.tenants }), ("flood", { $0.flood }),
        ("overload", { $0.overload }), ("deadlines", { $0.deadlines }), ("retries", { $0.retries }),
        ("long", { $0.long }), ("bulk", { $0.bulk }),
    ]

    static var names: [String] { all.map(\.name) }

    private func median(_ value: (UInt64) -> Double) -> Double { seeds.map(value).median }

    private var mixed: [Figure] {
        [4, 8].flatMap { slots in
            var scenario = PolicyLab.MixedLoad()
            scenario.slots = slots
            let ours = seeds.map { scenario.run(.deadline, seed: $0) }
            let fifo = seeds.map { scenario.run(.arrival, seed: $0) }
            scenario.admitsAll = false
            let lost = median { Double(scenario.run(.deadline, seed: $0).lost) }
            func ratio(_ value: (PolicyLab.MixedLoad.Outcome) -> Double) -> Double {
                zip(ours, fifo).map { value($0) / value($1) }.median
            }
            let name = "mixed load, 80 %, \(slots) slots:"
            return [
                Figure("\(name) p99 first audio of the short", ours.map(\.p99FirstAudio).median, "s"),
                Figure("\(name) the same, FIFO", fifo.map(\.p99FirstAudio).median, "s"),
                Figure("\(name) ours to FIFO's", ratio(\.p99FirstAudio), atMost: 0.35),
                Figure("\(name) p99 wait of the short, ours to FIFO's", ratio(\.p99Wait), atMost: 0.35),
                Figure("\(name) p99 first audio of the long, ours to FIFO's", ratio(\.p99FirstAudioOfLong)),
                Figure("\(name) work done, ours to FIFO's", ratio(\.secondsWorked), atLeast: 0.99),
                Figure("\(name) utterances turned away, if any may be", lost),
            ]
        }
    }

    private var listeners: [Figure] {
        let scenario = PolicyLab.Listeners()
        return [
            Figure("listeners without a gap, in theory", scenario.theoreticalCount),
            Figure(
                "listeners without a gap",
                median { Double(scenario.greatestCount(.deadline, seed: $0)) },
                atLeast: 25
            ),
            Figure("listeners without a gap, FIFO", median { Double(scenario.greatestCount(.arrival, seed: $0)) }),
        ]
    }

    private var tenants: [Figure] {
        [1.0, 4].flatMap { weight in
            var scenario = PolicyLab.Rivals()
            scenario.weight = weight
            let name = "two tenants 1:\(Int(weight)), long texts against short:"
            let share = median { scenario.share(.deadline, seed: $0) }
            return [
                Figure("\(name) share of the long", share, "of \(scenario.due) due"),
                Figure("\(name) off what is due", abs(share / scenario.due - 1), atMost: 0.05),
                Figure("\(name) share of the long, FIFO", median { scenario.share(.arrival, seed: $0) }),
            ]
        }
    }

    private var flood: [Figure] {
        let scenario = PolicyLab.Flood()
        let alone = seeds.map { scenario.run(.deadline, isAlone: true, seed: $0) }
        let ours = seeds.map { scenario.run(.deadline, isAlone: false, seed: $0) }
        let fifo = seeds.map { scenario.run(.arrival, isAlone: false, seed: $0) }
        let name = "one a second against \(scenario.count) at once: p95"
        return [
            Figure("\(name) until the answer is whole, alone", alone.map(\.p95Total).median, "s"),
            Figure("\(name) until the answer is whole", ours.map(\.p95Total).median, "s"),
            Figure(
                "\(name) until the answer is whole, to that alone",
                zip(ours, alone).map { $0.p95Total / $1.p95Total }.median,
                atMost: 2
            ),
            Figure("\(name) until the answer is whole, FIFO", fifo.map(\.p95Total).median, "s"),
            Figure("\(name) wait, alone", alone.map(\.p95Wait).median, "s"),
            Figure("\(name) wait", ours.map(\.p95Wait).median, "s"),
            Figure("\(name) until one of the slots is free", scenario.p95Residual, "s"),
            Figure("\(name) wait, to that", ours.map(\.p95Wait).median / scenario.p95Residual, atMost: 2),
        ]
    }

    private var overload: [Figure] {
        let scenario = PolicyLab.Overload()
        let loads = [0.7, 0.9, 1, 1.1, 1.5, 2, 4, 10]
        let ours = loads.map { load in seeds.map { scenario.run(.deadline, load: load, seed: $0) } }
        let goodputs = ours.map { $0.map(\.goodput).median }
        let (best, last) = (goodputs.max() ?? 1, ours[loads.count - 1])
        let fifo = seeds.map { scenario.run(.arrival, load: 10, seed: $0) }
        var patient = scenario
        patient.deadline = nil
        let standing = seeds.map { patient.run(.deadline, load: 10, seed: $0) }
        return zip(loads, goodputs).map { Figure("goodput at load \($0), 20 s to answer", $1) } + [
            Figure("goodput at load 10, to the best", goodputs[loads.count - 1] / best, atLeast: 0.95),
            Figure("goodput at load 10, FIFO", fifo.map(\.goodput).median),
            Figure("load 10: admitted, and spoken in time", last.map(\.kept).median, atLeast: 0.99),
            Figure("load 10: median wait", last.map(\.medianWait).median, "s"),
            Figure("load 10 without deadlines: median wait", standing.map(\.medianWait).median, "s"),
            Figure("load 10 without deadlines: p95 wait", standing.map(\.p95Wait).median, "s"),
            Figure("load 10 without deadlines: goodput", standing.map(\.goodput).median),
        ]
    }

    private var deadlines: [Figure] {
        let scenario = PolicyLab.Deadlines()
        let runs = seeds.map { scenario.run(seed: $0) }
        let (admitted, broken) = (runs.map(\.admitted).reduce(0, +), runs.map(\.broken).reduce(0, +))
        let name = "\(scenario.deadline) s to answer, load \(scenario.load):"
        return [
            Figure("\(name) came", runs.map { Double($0.count) }.median),
            Figure("\(name) admitted", runs.map { Double($0.admitted) }.median),
            Figure("\(name) of the admitted not kept", Double(broken) / Double(admitted), atMost: 0.005),
            Figure("\(name) work in time", runs.map(\.workInTime).median, atLeast: 0.93),
        ]
    }

    private var retries: [Figure] {
        let scenario = PolicyLab.Overload()
        var patient = scenario
        patient.deadline = nil
        return [
            Figure(
                "10 times what fits for a minute, 5 tries: spoken",
                median { patient.retrySuccess(.deadline, seed: $0) },
                atLeast: 0.8
            ),
            Figure("the same, FIFO", median { patient.retrySuccess(.arrival, seed: $0) }),
            Figure("the same, 1 try", median { patient.retrySuccess(.deadline, tries: 1, seed: $0) }),
        ]
    }

    private var long: [Figure] {
        let scenario = PolicyLab.LongText()
        let one = median { scenario.secondsAlone(slots: 1, .deadline, seed: $0) }
        let many = median { scenario.secondsAlone(slots: scenario.slots, .deadline, seed: $0) }
        return [
            Figure("a text of \(scenario.units) units on 1 idle slot", one, "s"),
            Figure("the same on \(scenario.slots)", many, "s"),
            Figure("the same, so many times faster", one / many, atLeast: 6),
            Figure(
                "its share beside 4 tenants who want all, of 0.2 due",
                median { scenario.share(besideTenants: 4, .deadline, seed: $0) },
                atMost: 0.21
            ),
            Figure("the same, FIFO", median { scenario.share(besideTenants: 4, .arrival, seed: $0) }),
        ]
    }

    private var bulk: [Figure] {
        let scenario = PolicyLab.LongText()
        let due = PolicyLab.LongText.dueToBulk
        let share = median { scenario.share(besideInteractive: 64, .deadline, seed: $0) }
        return [
            Figure("bulk beside interactive work without end: share", share),
            Figure("the same, to what is due", share / due, atLeast: 0.8),
            Figure("the same, FIFO", median { scenario.share(besideInteractive: 64, .arrival, seed: $0) }),
        ]
    }
}
