import TestTraits
import Testing

@testable import PoolCore

@Suite("The forecast", .ownThread)
struct ForecastTests {
    private static let gibibyte = 1 << 30
    private static let mebibyte = 1 << 20

    /// One engine that may have as many instances as fit on its devices.
    private func configuration(
        _ devices: [String: DeviceMemory],
        figures: EngineFigures,
        instances: ClosedRange<Int> = 1...256,
        places: Int = 256,
        maxRunning: Int? = nil
    ) -> PoolConfiguration {
        let names = devices.keys.sorted()
        var engine = PoolConfiguration.Engine(
            name: "engine",
            placements: names.map { PoolConfiguration.Placement(device: $0, maximum: places) },
            instances: instances,
            maxRunning: maxRunning
        )
        for name in names { engine.figures[name] = figures }
        var configuration = PoolConfiguration(engines: [engine])
        configuration.memory = devices
        return configuration
    }

    private func card(_ gibibytes: Int = 24, used: Int = 0) -> DeviceMemory {
        DeviceMemory(totalBytes: gibibytes * Self.gibibyte, usedBytes: used)
    }

    /// Its largest text needs so many MiB above so many MiB.
    private func figures(floor: Int, added: Int? = nil, peak: Int) -> EngineFigures {
        var figures = EngineFigures(floorBytes: floor * Self.mebibyte, addedBytes: added.map { $0 * Self.mebibyte })
        figures.peakBytes.observe(units: 300, value: Double(peak * Self.mebibyte))
        return figures
    }

    // MARK: What fits

    @Test("as many fit as all can be at their peak with the reserve left")
    func fillsCard() throws {
        // 24576 MiB - 5 % = 23347.2; an instance and its text take 2246: 10 times that is 22460, 11 times 24706.
        let forecast = Forecast(configuration(["cuda:0": card()], figures: figures(floor: 1946, peak: 300)))
        let device = try #require(forecast.devices.first)
        #expect(device.name == "cuda:0")
        #expect(device.reserveBytes == 24 * Self.gibibyte / 20)
        let share = try #require(device.shares.first)
        #expect((share.instances, share.running) == (10, 10))
        #expect(share.ownBytes == 19_460 * Self.mebibyte)
        #expect(share.sharedBytes == 0)
        #expect(share.activationBytes == 3_000 * Self.mebibyte)
        #expect(device.freeBytes >> 20 == 23_347 - 22_460)
        #expect(
            forecast.limit(engine: 0)
                == .memory(device: "cuda:0", neededBytes: 2_246 * Self.mebibyte, leftBytes: device.freeBytes)
        )
    }

    @Test("what others use is not given out")
    func sparesOthers() throws {
        // 23347 - 4096 = 19251 MiB are left, which is 8 times 2246 and a half.
        let memory = ["cuda:0": card(used: 4 * Self.gibibyte)]
        let device = try #require(
            Forecast(configuration(memory, figures: figures(floor: 1946, peak: 300))).devices.first
        )
        #expect(device.shares.map(\.instances) == [8])
        #expect(device.foreignBytes == 4 * Self.gibibyte)
    }

    @Test("what instances share is there once")
    func countsSharedOnce() throws {
        // 8192 - 512 MiB: 1000 shared, then 200 + 100 each: 6680 / 300 is 22.
        let memory = ["cpu": card(8)]
        let device = try #require(
            Forecast(configuration(memory, figures: figures(floor: 1200, added: 200, peak: 100))).devices.first
        )
        let share = try #require(device.shares.first)
        #expect(share.instances == 22)
        #expect(share.ownBytes == 4_400 * Self.mebibyte)
        #expect(share.sharedBytes == 1_000 * Self.mebibyte)
        #expect(share.nextBytes == 300 * Self.mebibyte)
        #expect(device.freeBytes >> 20 == 6_680 - 6_600)
    }

    @Test("each device is filled by itself")
    func fillsAllCards() {
        let memory = ["cuda:0": card(), "cuda:1": card(), "cuda:2": card(8), "cuda:3": card(1)]
        let forecast = Forecast(configuration(memory, figures: figures(floor: 1946, peak: 300)))
        #expect(forecast.devices.map { $0.shares[0].instances } == [10, 10, 3, 0])
        // 7680 MiB - 3 times 2246 are 942: the fewest are wanting there.
        #expect(
            forecast.limit(engine: 0)
                == .memory(device: "cuda:2", neededBytes: 2_246 * Self.mebibyte, leftBytes: 942 * Self.mebibyte)
        )
    }

    @Test("where not even one fits there is none")
    func leavesSmallCard() {
        let forecast = Forecast(configuration(["cuda:0": card(2)], figures: figures(floor: 1946, peak: 300)))
        #expect(forecast.devices.map { $0.shares[0].instances } == [0])
        #expect(
            forecast.limit(engine: 0)
                == .memory(device: "cuda:0", neededBytes: 2_246 * Self.mebibyte, leftBytes: 1_536 * Self.mebibyte)
        )
    }

    @Test("fewer that run need less, so more are loaded, and the limit is how many may run")
    func keepsSpares() {
        // 23347 - 3 * 300 = 22447, which is 11 times 1946.
        let memory = ["cuda:0": card(), "cuda:1": card()]
        let forecast = Forecast(configuration(memory, figures: figures(floor: 1946, peak: 300), maxRunning: 3))
        #expect(forecast.devices.map { $0.shares[0].instances } == [11, 11])
        #expect(forecast.devices.map { $0.shares[0].running } == [3, 3])
        #expect(forecast.limit(engine: 0) == .running(device: "cuda:0", running: 3, instances: 11))
    }

    @Test("the configured number and the places are limits too")
    func keepsBounds() {
        let figures = figures(floor: 1946, peak: 300)
        let few = Forecast(configuration(["cuda:0": card()], figures: figures, instances: 1...4))
        #expect(few.devices.map { $0.shares[0].instances } == [4])
        #expect(few.limit(engine: 0) == .instances(4))
        let cores = Forecast(configuration(["cpu": card(64)], figures: figures, places: 2))
        #expect(cores.devices.map { $0.shares[0].instances } == [2])
        #expect(cores.limit(engine: 0) == .instances(2))
        let exactly = Forecast(configuration(["cuda:0": card(8)], figures: figures, instances: 5...5))
        // An engine's least number is loaded if all of them fit and one can work: 7680 - 300 = 7380, which is 3 times
        // 1946.
        #expect(exactly.devices.map { $0.shares[0].instances } == [3])
        guard case .memory = exactly.limit(engine: 0) else {
            Issue.record("it is memory that is wanting")
            return
        }
    }

    // MARK: How long it takes

    /// The probability that somebody has to wait, by Erlang's formula C.
    private func erlangC(servers: Int, load: Double) -> Double {
        let offered = Double(servers) * load
        var (term, sum) = (1.0, 0.0)
        for served in 0..<servers {
            sum += term
            term *= offered / Double(served + 1)
        }
        let waiting = term / (1 - load)
        return waiting / (sum + waiting)
    }

    @Test("waits are those of Erlang's formula", arguments: [(1, 0.5), (3, 0.6), (8, 0.7)])
    func agreesWithErlang(servers: Int, load: Double) {
        var configuration = PoolConfiguration(
            engines: [.init(name: "engine", devices: (0..<servers).map { "cuda:\($0 % 2)" })]
        )
        configuration.engines[0].maxRunning = servers
        configuration.order = .arrival
        configuration.maxWait = .seconds(1_000_000)
        configuration.standingTarget = configuration.maxWait
        configuration.maxJobs = 1_000_000
        configuration.maxJobsPerTenant = 1_000_000
        // 3 seconds of audio take 1.5 s.
        let speed = ForecastSpeed.undisturbed(rtf: 0.5)
        var traffic = ForecastTraffic(
            utterancesPerSecond: load * Double(servers) / 1.5,
            audioSeconds: 3,
            speeds: ["cuda:0": speed, "cuda:1": speed]
        )
        traffic.texts = .memoryless
        traffic.count = 12_000
        let waits = Forecast(configuration, seed: 5).run(traffic)
        let expected = erlangC(servers: servers, load: load) * 1.5 / (Double(servers) * (1 - load))
        let mean = waits.mean / .seconds(1)
        #expect(abs(mean / expected - 1) < 0.05, "\(mean) s instead of \(expected) s, with seed 5")
        #expect(waits.refused == 0)
    }

    private func traffic(_ utterancesPerSecond: Double, count: Int = 1_000) -> ForecastTraffic {
        let speed = ForecastSpeed.undisturbed(rtf: 0.5)
        var traffic = ForecastTraffic(
            utterancesPerSecond: utterancesPerSecond,
            audioSeconds: 6,
            speeds: ["cuda:0": speed, "cuda:1": speed]
        )
        traffic.count = count
        return traffic
    }

    @Test("the same seed gives the same forecast, another one another")
    func isDeterministic() {
        let configuration = configuration(["cuda:0": card(8)], figures: figures(floor: 1946, peak: 300))
        let first = Forecast(configuration, seed: 1).run(traffic(0.9))
        #expect(Forecast(configuration, seed: 1).run(traffic(0.9)) == first)
        #expect(Forecast(configuration, seed: 2).run(traffic(0.9)) != first)
        #expect(first.mean > .zero)
        #expect(first.p95 > first.mean)
    }

    @Test("who would wait longer than the pool lets him is refused")
    func refusesSurplus() {
        var configuration = configuration(["cuda:0": card(8)], figures: figures(floor: 1946, peak: 300))
        configuration.maxWait = .seconds(20)
        // 3 instances speak one utterance a second together; twice as many come.
        let waits = Forecast(configuration).run(traffic(2))
        #expect(abs(waits.refused - 0.5) < 0.05)
        #expect(waits.p95 <= .seconds(20))
        #expect(waits.mean > .seconds(5))
    }

    @Test("only as many run as may: the spares do not make it faster")
    func sparesDoNotRun() {
        let three = figures(floor: 1946, peak: 300)
        let all = Forecast(configuration(["cuda:0": card()], figures: three, instances: 3...3)).run(traffic(0.8))
        let some = Forecast(configuration(["cuda:0": card()], figures: three, maxRunning: 3)).run(traffic(0.8))
        #expect(all == some)
    }

    // MARK: What is assumed

    @Test("texts have from 20 to 200 units, a mean of 74, and half of them fewer than 64")
    func spreadsTexts() {
        var random = SplitMix64(seed: 5)
        let lengths = (0..<20_000).map { _ in ForecastTexts.spoken.units(using: &random) }.sorted()
        #expect((lengths.first, lengths.last) == (20, 200))
        #expect(abs(lengths[10_000] - 63.2) < 1)
        let mean = lengths.reduce(0, +) / 20_000
        #expect(abs(mean - ForecastTexts.meanUnits) < 1)
        #expect(abs(ForecastTexts.meanUnits - 74) < 1)
        #expect(lengths.count { $0 == 20 || $0 == 200 } < 2_000)
    }

    @Test("exponential numbers have the mean 1, the variance 1, and are above 1 once in e times")
    func drawsExponentially() {
        var random = SplitMix64(seed: 6)
        let numbers = (0..<100_000).map { _ in random.exponential() }
        let mean = numbers.reduce(0, +) / 100_000
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(abs(mean - 1) < 0.01)
        #expect(abs(variance - 1) < 0.03)
        #expect(abs(Double(numbers.count { $0 > 1 }) / 100_000 - 0.367_9) < 0.005)
    }

    /// What was seen of a device that makes so many units a second while 1, 2, 3, … run.
    private func curve(_ unitsPerSecond: [Double]) -> RunningCurve {
        var curve = RunningCurve()
        var now = 0.0
        for (index, rate) in unitsPerSecond.enumerated() where rate > 0 {
            for _ in 0..<40 {
                let marks = (0...index).map { _ in curve.started(now: Instant(sinceStart: .seconds(now))) }
                now += Double(10 * (index + 1)) / rate
                for mark in marks { curve.ended(since: mark, units: 10, now: Instant(sinceStart: .seconds(now))) }
            }
        }
        return curve
    }

    @Test("a measured device is as fast as it was: between two measurements on the line, and no faster beyond them")
    func followsCurve() throws {
        let speed = try #require(ForecastSpeed(curve([20, 0, 40, 44]), audioPerUnit: 0.1))
        for (running, expected) in [(0, 0.0), (1, 2), (2, 3), (3, 4), (4, 4.4), (9, 4.4)] {
            #expect(abs(speed.audioPerSecond(running: running) - expected) < 1e-6, "with \(running)")
        }
        #expect(ForecastSpeed(RunningCurve(), audioPerUnit: 0.1) == nil)
        #expect(ForecastSpeed.undisturbed(rtf: 0.25).audioPerSecond(running: 3) == 12)
    }

    @Test("where two that run disturb each other, so that they are as slow as one, waits are those of one server")
    func slowsDown() {
        var configuration = configuration(["cuda:0": card(8)], figures: figures(floor: 1946, peak: 300), maxRunning: 2)
        configuration.order = .arrival
        configuration.standingTarget = configuration.maxWait
        var traffic = traffic(0.25, count: 12_000)
        // Two seconds of audio a second, however many run: 6 s of audio are 3 s of work.
        traffic.speeds = [
            "cuda:0": .measured([.init(running: 1, audioPerSecond: 2), .init(running: 2, audioPerSecond: 2)])
        ]
        traffic.texts = .memoryless
        let mean = Forecast(configuration, seed: 3).run(traffic).mean / .seconds(1)
        // The number of those that are there is that of one server, ρⁿ(1-ρ); a third and all after wait: ρ³/(1-ρ) of
        // them at any time, which by Little's law are 0.25 a second times the wait.
        let load = 0.75
        let expected = load * load * load / (1 - load) / 0.25
        #expect(abs(mean / expected - 1) < 0.1, "\(mean) s instead of \(expected) s, with seed 3")
    }
}
