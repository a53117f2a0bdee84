import PoolCore
import SpeechTestSupport
import TestTraits
import Testing

/// What the scheduler promises, in small. `PoolLab policy` has the figures of all of it.
@Suite(.ownThread) struct PolicyTests {
    private static let seed: UInt64 = 1

    @Test("short texts are heard soon beside long ones, and as much is done as by FIFO")
    func mixedLoad() {
        var scenario = PolicyLab.MixedLoad()
        scenario.seconds = 400
        let ours = scenario.run(.deadline, seed: Self.seed)
        let fifo = scenario.run(.arrival, seed: Self.seed)
        #expect(ours.p99FirstAudio <= 0.35 * fifo.p99FirstAudio)
        #expect(ours.p99Wait <= 0.35 * fifo.p99Wait)
        #expect(abs(ours.secondsWorked / fifo.secondsWorked - 1) <= 0.01)
    }

    @Test("25 listeners of 8 workers that take 0.3 s for a second hear no gap; beside FIFO they do")
    func listeners() {
        var scenario = PolicyLab.Listeners()
        scenario.seconds = 240
        #expect(scenario.gaps(count: 25, order: .deadline, seed: Self.seed) == 0)
        #expect(scenario.gaps(count: 25, order: .arrival, seed: Self.seed) > 0)
    }

    @Test("who wants no gaps is not let in where they would be much longer than the target")
    func tooManyListeners() {
        var scenario = PolicyLab.Listeners()
        scenario.seconds = 240
        let heard = scenario.longestGap(count: 60, order: .deadline, seed: Self.seed)
        #expect((26..<60).contains(heard.admitted))
        #expect(heard.seconds <= 10)
    }

    @Test("tenants get what is due to them, whatever the sizes of their texts", arguments: [1.0, 4])
    func rivals(weight: Double) {
        var scenario = PolicyLab.Rivals()
        scenario.weight = weight
        scenario.seconds = 150
        let share = scenario.share(.deadline, seed: Self.seed)
        #expect(abs(share / scenario.due - 1) <= 0.05)
    }

    @Test("who asks for little does not feel another's flood")
    func flood() {
        var scenario = PolicyLab.Flood()
        scenario.count = 600
        let alone = scenario.run(.deadline, isAlone: true, seed: Self.seed)
        let flooded = scenario.run(.deadline, isAlone: false, seed: Self.seed)
        #expect(flooded.p95Total <= 2 * alone.p95Total)
        #expect(flooded.p95Wait <= 2 * scenario.p95Residual)
    }

    @Test("ten times the load that fits takes little of what gets done, and who is let in is served in time")
    func overload() {
        var scenario = PolicyLab.Overload()
        scenario.seconds = 160
        let best = [0.9, 1.1].map { scenario.run(.deadline, load: $0, seed: Self.seed).goodput }.max() ?? 0
        let flooded = scenario.run(.deadline, load: 10, seed: Self.seed)
        #expect(flooded.goodput >= 0.95 * best)
        #expect(flooded.kept >= 0.98)
    }

    @Test("half as much again as fits, and 2 s to answer: who is let in is answered in time, and little time is lost")
    func deadlines() {
        let outcome = PolicyLab.Deadlines().run(seed: Self.seed)
        #expect(Double(outcome.broken) <= 0.005 * Double(outcome.admitted))
        #expect(outcome.workInTime >= 0.93)
    }

    @Test("a pool that has measured nothing yet keeps deadlines at ten times the load")
    func coldOverload() {
        var scenario = PolicyLab.Deadlines()
        (scenario.slots, scenario.load, scenario.deadline, scenario.seconds) = (4, 10, 3, 5)
        for seed in Self.seed..<Self.seed + 2 {
            let outcome = scenario.run(seed: seed)
            #expect(Double(outcome.broken) <= 0.005 * Double(outcome.admitted), "seed \(seed)")
        }
    }

    @Test("deadlines of all lengths are kept as they were promised, and few are refused that would have fitted easily")
    func promises() {
        let outcomes = (UInt64(1)..<6).map { PolicyLab.Promises(seed: $0).run() }
        let promised = outcomes.reduce(0) { $0 + $1.promised }
        #expect(promised > 200)
        #expect(outcomes.reduce(0) { $0 + $1.broken.count } * 200 <= promised)
        #expect(outcomes.reduce(0) { $0 + $1.refusedForNothing.count } * 10 <= promised)
    }

    @Test("who comes again when told is served in the end")
    func retries() {
        var scenario = PolicyLab.Overload()
        scenario.slots = 4
        scenario.deadline = nil
        #expect(scenario.retrySuccess(.deadline, seed: Self.seed) >= 0.8)
    }

    @Test("a long text has all of an idle pool, and its share of a busy one")
    func longText() {
        var scenario = PolicyLab.LongText()
        scenario.seconds = 100
        let one = scenario.secondsAlone(slots: 1, .deadline, seed: Self.seed)
        #expect(one / scenario.secondsAlone(slots: 8, .deadline, seed: Self.seed) >= 6)
        #expect(scenario.share(besideTenants: 4, .deadline, seed: Self.seed) <= 0.21)
    }

    @Test("bulk work moves, however much else there is")
    func bulk() {
        var scenario = PolicyLab.LongText()
        scenario.seconds = 100
        let share = scenario.share(besideInteractive: 32, .deadline, seed: Self.seed)
        #expect(share >= 0.8 * PolicyLab.LongText.dueToBulk)
    }

    @Test("clients that leave keep nobody waiting, and the same seed gives the same")
    func leaving() {
        var plan = PolicyLab.MixedLoad().plan
        plan.seconds = 100
        plan.warmUpSeconds = 0
        for source in plan.sources.indices { plan.sources[source].leaving = 0.5 }
        let results = (0..<2).map { _ in
            let configuration = TrafficSimulator.configuration(instances: 8, order: .deadline)
            var simulator = TrafficSimulator(configuration, plan: plan, seed: Self.seed)
            return simulator.run()
        }
        #expect(results[0].utterances.contains { $0.outcome == .cancelled })
        #expect(results[0].utterances.allSatisfy { $0.outcome == .spoken || $0.outcome == .cancelled })
        #expect(results[0].utterances.compactMap(\.total) == results[1].utterances.compactMap(\.total))
        #expect(results[0].secondsWorked == results[1].secondsWorked)
    }
}
