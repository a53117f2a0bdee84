import FoundationEssentials
import PoolCore
import SpeechCore
import Testing

@testable import chorus

@Suite("The plan")
struct PlanTests {
    private static let mebibyte = 1 << 20
    private static let gibibyte = 1 << 30

    /// A planner for given GPUs of 24 GiB, with the figures of the issue: 1.9 GiB, 300 MiB, RTF 0.3.
    private func planner(
        gpus: Int = 1,
        change: (inout PlanGiven) -> Void = { _ in }
    ) -> Planner {
        var given = PlanGiven()
        given.instanceBytes = 1_946 * Self.mebibyte
        given.peakBytes = 300 * Self.mebibyte
        given.rtf = 0.3
        change(&given)
        var planner = Planner(
            configuration: Configuration(engines: [EngineConfiguration(name: "engine", command: ["engine"])]),
            devices: PlanDevice.given(gpus: [.init(count: gpus, bytes: 24 * Self.gibibyte)], hostBytes: nil),
            cores: 8,
            given: given
        ) { _, _ in nil }
        planner.utterances = 200
        return planner
    }

    /// What a server measured: 1000 MiB, of which 800 are shared, and 100 MiB for the largest text; 74 units are 5 s of
    /// audio and take 2 s. The curve is units a second, by how many ran, from 1.
    private func measurement(curve: [Double] = []) throws -> PlanMeasurement {
        var figures = EngineFigures(floorBytes: 1_000 * Self.mebibyte, addedBytes: 200 * Self.mebibyte)
        figures.peakBytes.observe(units: 240, value: Double(100 * Self.mebibyte))
        figures.seconds.observe(units: 74, value: 2)
        figures.audioSeconds.observe(units: 74, value: 5)
        let points = curve.enumerated().map { index, rate in
            #"{"jobs": 100, "seconds": \#(1_000 * Double(index + 1) / rate), "units": 1000}"#
        }
        let none = #"{"jobs": 0, "seconds": 0, "units": 0}"#
        let json = "{\"points\": [\(([none] + points).joined(separator: ","))]}"
        figures.curve = try JSONDecoder().decode(RunningCurve.self, from: Data(json.utf8))
        return PlanMeasurement(figures: figures, at: Date(timeIntervalSince1970: 1_795_000_000))
    }

    /// A planner for this machine: a host of 16 GiB, of which 4 are in use, and what was measured there.
    private func planner(
        _ configuration: Configuration,
        measured: PlanMeasurement?,
        cores: Int = 4,
        given: PlanGiven = PlanGiven()
    ) -> Planner {
        let host = PlanDevice(
            name: "cpu",
            model: "Abacus 2000",
            totalBytes: 16 * Self.gibibyte,
            usedBytes: 4 * Self.gibibyte
        )
        var planner = Planner(configuration: configuration, devices: [host], cores: cores, given: given) { _, model in
            model == "Abacus 2000" ? measured : nil
        }
        planner.utterances = 200
        return planner
    }

    /// The message of a planner that cannot plan.
    private func failure(_ planner: Planner) async -> String? {
        do {
            _ = try await planner.plan()
            return nil
        } catch {
            return error.description
        }
    }

    // MARK: Given figures

    @Test("ten instances fit on a card of 24 GiB: ten times 1946 and 300 MiB, and the reserve of 5 %")
    func plansOneCard() async throws {
        let plan = try await planner().plan()
        let device = try #require(plan.devices.first)
        #expect(device.name == "cuda:0")
        #expect(device.source == .given)
        let share = try #require(device.shares.first)
        #expect((share.instances, share.running) == (10, 10))
        #expect(share.instanceBytes == 19_460 * Self.mebibyte)
        #expect(share.activationBytes == 3_000 * Self.mebibyte)
        #expect(device.reserveBytes == 24 * Self.gibibyte / 20)
        // 24576 - 1228.8 - 19460 - 3000 MiB
        #expect(device.freeBytes >> 20 == 887)
        let engine = try #require(plan.engines.first)
        #expect(abs(engine.audioSecondsPerSecond - 10 / 0.3) < 1e-9)
        #expect(engine.audioSource == .assumed)
        #expect(engine.listeners == 33)
        #expect(abs(engine.utterancesPerMinute - 10 / 0.3 / 6 * 60) < 1e-9)
        #expect(engine.limit.kind == .memory)
        #expect(engine.limit.text == "Memory: one more instance on cuda:0 needs 2.2 GiB, 887 MiB is left.")
        #expect(engine.waits.map(\.load) == [0.5, 0.8, 0.95])
    }

    @Test("four cards hold four times as many, and three may run on each if that is what is said")
    func plansFourCards() async throws {
        let all = try #require(try await planner(gpus: 4).plan().engines.first)
        #expect((all.instances, all.running, all.listeners) == (40, 40, 133))
        let capped = try await planner(gpus: 4) { $0.maxRunning = 3 }.plan()
        let engine = try #require(capped.engines.first)
        // 23347 - 3 * 300 MiB hold 11 times 1946; 12 times 1 / 0.3 is 40.
        #expect((engine.instances, engine.running, engine.listeners) == (44, 12, 40))
        #expect(engine.limit.kind == .maxRunning)
        #expect(engine.limit.text == "At most 3 run at once on cuda:0 (--max-running); 11 are loaded there.")
    }

    @Test("what is not given is assumed, and said to be")
    func saysWhatIsAssumed() async throws {
        let plan = try await planner { $0.peakBytes = nil }.plan()
        let engine = try #require(plan.engines.first)
        // The pool takes a text to need a quarter of what an instance holds: 23347 MiB are 9 times 1946 and 486.
        #expect(engine.instances == 9)
        let items = try #require(engine.figures.first).items
        #expect(items.map(\.name) == [.instanceBytes, .addedBytes, .peakBytes, .rtf, .audioSeconds, .maxRunning])
        #expect(items.map(\.source) == [.given, .assumed, .assumed, .given, .assumed, .assumed])
        #expect(items[2].value == Double(1_946 * Self.mebibyte / 4))
        #expect(plan.notes.contains { $0.contains("slow each other down") })
    }

    @Test("reserve, audio and what instances share can be given")
    func takesOtherFigures() async throws {
        let plan = try await planner { given in
            given.addedBytes = 946 * Self.mebibyte
            given.reserveBytes = 576 * Self.mebibyte
            given.audioSeconds = 3
        }.plan()
        let device = try #require(plan.devices.first)
        // 24000 MiB less 1000 that are shared: 18 times 946 and 300 are 22428, 19 times are 23674.
        #expect(device.shares[0].instances == 18)
        #expect(device.shares[0].sharedBytes == 1_000 * Self.mebibyte)
        #expect(abs(plan.engines[0].utterancesPerMinute - 18 / 0.3 / 3 * 60) < 1e-9)
    }

    @Test("where none fits, the plan says how much is wanting")
    func plansNothing() async throws {
        let plan = try await planner { $0.instanceBytes = 30 * Self.gibibyte }.plan()
        let engine = try #require(plan.engines.first)
        #expect((engine.instances, engine.listeners) == (0, 0))
        #expect(engine.waits.isEmpty)
        #expect(engine.limit.text == "Memory: one more instance on cuda:0 needs 30.3 GiB, 22.8 GiB is left.")
        #expect(PlanReport(plan: plan).text.hasPrefix("engine: 0 instances fit, 0 run at once: 0 listeners"))
    }

    // MARK: Measured figures

    @Test("on the CPU each core has an instance, and what was measured says when and where")
    func plansThisMachine() async throws {
        let plan = try await planner(Configuration(), measured: measurement()).plan()
        let engine = try #require(plan.engines.first)
        #expect((engine.name, engine.instances) == ("espeak", 4))
        #expect(engine.limit == Plan.Limit(kind: .cores, text: "Cores: each of the 4 has its instance."))
        // 2 s for 5 s of audio.
        #expect(abs(engine.audioSecondsPerSecond - 10) < 1e-9)
        #expect(engine.audioSource == .assumed)
        let device = try #require(plan.devices.first)
        #expect((device.source, device.model) == (.machine, "Abacus 2000"))
        #expect(device.foreignBytes == 4 * Self.gibibyte)
        #expect(device.shares[0].sharedBytes == 800 * Self.mebibyte)
        let first = try #require(engine.figures.first?.items.first)
        #expect((first.source, first.deviceModel) == (.measured, "Abacus 2000"))
        #expect(first.measuredAt == "2026-11-18T11:06:40Z")
        #expect(plan.notes.contains { $0.contains("FOREIGN") })
    }

    @Test("a measured curve says how fast it is, and its knee how many run")
    func followsCurve() async throws {
        let measured = try measurement(curve: [74, 140, 141, 141])
        let plan = try await planner(Configuration(), measured: measured).plan()
        let engine = try #require(plan.engines.first)
        #expect((engine.instances, engine.running) == (4, 2))
        #expect(engine.limit.kind == .knee)
        #expect(
            engine.limit.text == "The knee: more than 2 at once were seen to make cpu no faster; 4 are loaded there."
        )
        // 140 units a second, 5 s of audio for 74.
        #expect(abs(engine.audioSecondsPerSecond - 140 * 5 / 74) < 1e-6)
        #expect(engine.audioSource == .measured)
        let curve = try #require(engine.figures.first?.items.first { $0.name == .curve }?.curve)
        #expect(curve.map(\.running) == [1, 2, 3, 4])
        #expect(abs(curve[0].audioSecondsPerSecond - 5) < 1e-6)
        #expect(!plan.notes.contains { $0.contains("slow each other down") })
        #expect(PlanReport(plan: plan).text.contains("1: 5.0, 2: 9.5, 3: 9.5, 4: 9.5"))
    }

    @Test("a flag takes the place of what was measured, and of what is configured")
    func flagsOverride() async throws {
        var configuration = try configuration("engines: [{ name: e, command: [e, '{uri}'], max_running: 3 }]")
        let measured = try measurement(curve: [74, 140, 141, 141])
        let configured = try #require(try await planner(configuration, measured: measured).plan().engines.first)
        #expect((configured.running, configured.limit.kind) == (3, .maxRunning))
        var given = PlanGiven()
        given.maxRunning = 1
        given.rtf = 0.5
        let engine = try #require(
            try await planner(configuration, measured: measured, given: given).plan().engines.first
        )
        #expect((engine.running, engine.audioSecondsPerSecond) == (1, 2))
        configuration.engines[0].instances = .auto(1...2)
        let bounded = try #require(try await planner(configuration, measured: measurement()).plan().engines.first)
        #expect(bounded.limit == Plan.Limit(kind: .instances, text: "It may not have more than 2 instances."))
    }

    @Test("engines that share a device are planned together")
    func plansSeveralEngines() async throws {
        let configuration = try configuration(
            """
            engines:
              - { name: a, command: [a, '{uri}'], instances: 2 }
              - { name: b, command: [b, '{uri}'], instances: 3 }
            """
        )
        let plan = try await planner(configuration, measured: measurement()).plan()
        #expect(plan.engines.map(\.instances) == [2, 3])
        #expect(plan.devices[0].shares.map(\.engine) == ["a", "b"])
        let text = PlanReport(plan: plan).text
        #expect(text.contains("\na: ") || text.hasPrefix("a: "))
        #expect(text.contains("\nb: "))
        var given = PlanGiven()
        given.rtf = 1
        #expect(
            try await failure(planner(configuration, measured: measurement(), given: given))
                == "Figures are of one engine; say of which with --engine. There are: a, b."
        )
    }

    @Test("what is not known is an error that says what would tell it")
    func refusesUnknown() async throws {
        #expect(
            await failure(planner(Configuration(), measured: nil))
                == """
                espeak has not been measured on cpu (Abacus 2000): start 'chorus serve' once with this configuration so \
                that it can measure, or give --instance and --rtf.
                """
        )
        var given = PlanGiven()
        given.instanceBytes = Self.gibibyte
        #expect(await failure(planner(Configuration(), measured: nil, given: given))?.hasSuffix("give --rtf.") == true)
        let elsewhere = try configuration("engines: [{ name: e, command: [e, '{uri}'], devices: ['cuda:0'] }]")
        let message = try #require(try await failure(planner(elsewhere, measured: measurement())))
        #expect(message.hasPrefix("e is to be on cuda:0, of which nobody here knows how much memory it has."))
    }

    // MARK: Output

    @Test("the same plan is the same text, at most 100 columns wide")
    func isDeterministic() async throws {
        let text = PlanReport(plan: try await planner(gpus: 4).plan()).text
        #expect(PlanReport(plan: try await planner(gpus: 4).plan()).text == text)
        for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
        #expect(text.hasPrefix("engine: 40 instances fit, 40 run at once: 133 listeners in real time.\nMemory: "))
    }

    @Test("JSON has the documented keys")
    func writesJSON() async throws {
        let json = try await planner().plan().json
        let root = try #require(try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)).object)
        #expect(Set(root.keys) == ["devices", "engines", "notes"])
        let device = try #require(root["devices"]?.array?.first?.object)
        #expect(
            Set(device.keys) == [
                "name", "source", "total_bytes", "foreign_bytes", "reserve_bytes", "free_bytes", "shares",
            ]
        )
        let share = try #require(device["shares"]?.array?.first?.object)
        #expect(
            Set(share.keys) == [
                "engine", "instances", "running", "instance_bytes", "shared_bytes", "activation_bytes",
                "audio_seconds_per_second",
            ]
        )
        let engine = try #require(root["engines"]?.array?.first?.object)
        #expect(
            Set(engine.keys) == [
                "name", "instances", "running", "audio_seconds_per_second", "audio_source", "listeners",
                "utterances_per_minute", "limit", "figures", "waits",
            ]
        )
        let wait = try #require(engine["waits"]?.array?.first?.object)
        #expect(Set(wait.keys) == ["load", "utterances_per_minute", "mean_seconds", "p95_seconds", "refused"])
        #expect(engine["limit"]?.object?["kind"] == .string("memory"))
        let figure = try #require(engine["figures"]?.array?.first?.object?["items"]?.array?.first?.object)
        #expect(figure["name"] == .string("instance_bytes"))
        #expect(figure["source"] == .string("given"))
    }
}

extension JSONValue {
    fileprivate var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    fileprivate var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
}
