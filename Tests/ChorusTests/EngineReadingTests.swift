import PoolCore
import SpeechCore
import Testing

@testable import chorus

@Suite("Reading engines and models")
struct EngineReadingTests {
    @Test("an engine's values that are not allowed are named, all of them")
    func refusesEngineValues() {
        let yaml = """
            engines:
              - name: One
                builtin: espeak
              - name: two
                command: [run, "{uri}", "{gpu}"]
                devices: [cpu, cpu, GPU 0, "cuda:x"]
                instances: 257
                max_running: 0
                load_timeout: 1ms
                template: maybe
                mps: 1
                doctor: [run, "{gpu}"]
                env:
                  1A: b
                  B:
                voices: { a b: c, d: "", auto: en-us }
            """
        let name = "letters, digits, dots, dashes and underscores, a letter or digit first"
        #expect(
            problems(yaml) == [
                #"chorus.yaml:2:11: engines[0].name is "One"; it must be at most 32 lower-case \#(name)"#,
                "chorus.yaml:5:29: engines[1].command has the unknown placeholder {gpu}; "
                    + "there are {uri}, {device}, {instance}, {memory_bytes}",
                #"chorus.yaml:6:20: engines[1].devices[1] is "cpu" again; each device is named once"#,
                #"chorus.yaml:6:25: engines[1].devices[2] is "GPU 0"; it must be a device such as cpu or cuda:0"#,
                #"chorus.yaml:6:32: engines[1].devices[3] is "cuda:x"; it must be a device such as cpu or cuda:0"#,
                "chorus.yaml:7:16: engines[1].instances is \"257\"; "
                    + "it must be auto or a whole number from 1 to 256, or bounds such as {min: 1, max: 8}",
                #"chorus.yaml:8:18: engines[1].max_running is "0"; it must be auto or a whole number from 1 to 256"#,
                "chorus.yaml:9:19: engines[1].load_timeout is \"1ms\"; "
                    + "it must be a duration from 1s to 1h, such as 500ms, 60s or 5m",
                #"chorus.yaml:10:15: engines[1].template is "maybe"; it must be true or false"#,
                #"chorus.yaml:11:10: engines[1].mps is "1"; it must be true or false"#,
                "chorus.yaml:12:19: engines[1].doctor has the unknown placeholder {gpu}; there is {device}",
                "chorus.yaml:14:7: \"1A\" is no key for engines[1].env; "
                    + "it must be letters, digits and underscores, no digit first",
                "chorus.yaml:15:9: engines[1].env.B is empty; it must be text",
                "chorus.yaml:16:13: engines[1].voices has an alias called auto, which has a meaning already; "
                    + "choose another name",
                #"chorus.yaml:16:15: "a b" is no key for engines[1].voices; it must be at most 64 \#(name)"#,
                #"chorus.yaml:16:26: engines[1].voices.d is ""; it must be a line of text"#,
            ]
        )
    }

    @Test("an engine has a name of its own, and one of builtin and command")
    func refusesHalfEngines() {
        let yaml = """
            engines:
              - builtin: espeak
              - name: a
              - name: b
                builtin: espeak
                command: [run, "{uri}"]
              - name: b
                builtin: festival
              - other
            """
        #expect(
            problems(yaml) == [
                "chorus.yaml:2:5: engines[0] has no name; it must be at most 32 lower-case letters, digits, dots, "
                    + "dashes and underscores, a letter or digit first",
                "chorus.yaml:3:5: engines[1] has neither builtin nor command; it must have one of them",
                "chorus.yaml:6:14: engines[2] has builtin and command; it must have one of them",
                #"chorus.yaml:7:5: engines[3] is called "b" like another engine; each needs its own name"#,
                #"chorus.yaml:8:14: engines[3].builtin is "festival"; it must be espeak"#,
                #"chorus.yaml:9:5: engines[4] is "other"; it must be a mapping of keys to values"#,
            ]
        )
    }

    @Test("a command is a list that names {uri} and no unknown placeholder")
    func refusesCommands() {
        func command(_ command: String) -> [String] {
            problems("engines: [{name: a, command: \(command)}]")
        }
        let place = "chorus.yaml:1:30: engines[0].command"
        #expect(
            command("[a, b]") == [
                "\(place) has no {uri}; the program must be told there which socket to serve, as in --uri \"{uri}\""
            ]
        )
        #expect(command("a") == ["\(place) is \"a\"; it must be a list of a program and its arguments"])
        #expect(command("[]") == ["\(place) is an empty list; it must be a list of a program and its arguments"])
        #expect(
            command(#"["", "{uri}"]"#) == [#"chorus.yaml:1:31: engines[0].command[0] is ""; it must be a line of text"#]
        )
        #expect(
            command(#"[a, [b], "{uri}"]"#) == ["chorus.yaml:1:34: engines[0].command[1] is a list; it must be text"]
        )
        #expect(command(#"[a, '{"json": {"x": 1}}', "--to={uri}", "{}"]"#) == [])
    }

    @Test(
        "a number of instances is auto, exact, or auto within bounds",
        arguments: [
            ("auto", .auto), ("7", .exactly(7)), ("{min: 2, max: 8}", .auto(2...8)), ("{min: 3}", .auto(3...256)),
            ("{max: 4}", .auto(1...4)), ("{max: 5, min: 5}", .auto(5...5)), ("{min: 1, max: 256}", .auto),
        ] as [(String, InstanceCount)]
    )
    func readsInstances(text: String, instances: InstanceCount) throws {
        let loaded = try load("engines: [{name: a, builtin: espeak, instances: \(text)}]")
        #expect(loaded.configuration.engines[0].instances == instances)
        #expect(try configuration(loaded.document.yaml) == loaded.configuration)
        #expect(try configuration(loaded.document.json) == loaded.configuration)
    }

    @Test("bounds of instances are named if they are no numbers, if there are none, or if they cross")
    func refusesBounds() {
        func bounds(_ bounds: String) -> [String] {
            problems("engines:\n- name: a\n  builtin: espeak\n  instances: \(bounds)")
        }
        let place = "engines[0].instances"
        #expect(
            bounds("{min: 0, max: many}") == [
                #"chorus.yaml:4:20: \#(place).min is "0"; it must be a whole number from 1 to 256"#,
                #"chorus.yaml:4:28: \#(place).max is "many"; it must be a whole number from 1 to 256"#,
            ]
        )
        #expect(
            bounds("{min: 8, max: 2}") == ["chorus.yaml:4:14: \(place) has min 8 and max 2; min must be at most max"]
        )
        #expect(
            bounds("{}") == ["chorus.yaml:4:14: \(place) has neither min nor max; it must have at least one of them"]
        )
        #expect(
            bounds("{most: 2}") == ["chorus.yaml:4:15: \"most\" is not a setting of \(place); there are min, max"]
        )
        #expect(
            bounds("[1, 2]") == [
                "chorus.yaml:4:14: \(place) is a list; "
                    + "it must be auto or a whole number from 1 to 256, or bounds such as {min: 1, max: 8}"
            ]
        )
    }

    @Test("only an engine with a command may share a GPU by MPS", arguments: ["true", "false"])
    func refusesMPS(value: String) {
        #expect(
            problems("engines: [{name: a, builtin: espeak, mps: \(value)}]") == [
                "chorus.yaml:1:43: engines[0].mps is only for engines with command; leave it out"
            ]
        )
    }

    @Test("engines are a list with something in it")
    func refusesNoEngines() {
        let allowed = "it must be a list of engines, each with name and builtin or command"
        #expect(problems("engines: []") == ["chorus.yaml:1:10: engines is an empty list; \(allowed)"])
        #expect(problems("engines: espeak") == ["chorus.yaml:1:10: engines is \"espeak\"; \(allowed)"])
        #expect(problems("engines:") == ["chorus.yaml:1:9: engines is empty; \(allowed)"])
    }

    @Test("a model's alias leads to an engine and is none itself")
    func refusesModels() {
        let yaml = """
            models: { tts-1: espaek, espeak: espeak, other: piper, b c: espeak, d: [x] }
            """
        #expect(
            problems(yaml) == [
                #"chorus.yaml:1:18: models.tts-1 is "espaek", which is no engine; did you mean "espeak"?"#,
                "chorus.yaml:1:26: models.espeak is an engine's own name; choose another alias",
                #"chorus.yaml:1:49: models.other is "piper", which is no engine; there is espeak"#,
                "chorus.yaml:1:56: \"b c\" is no key for models; it must be at most 64 letters, digits, dots, dashes "
                    + "and underscores, a letter or digit first",
                "chorus.yaml:1:72: models.d is a list; it must be an engine's name",
            ]
        )
    }

    /// Where an engine's instances may be, at the most, and how many they are.
    private func plan(_ engine: EngineConfiguration, on hardware: Hardware) -> (places: [String: Int], ClosedRange<Int>)
    {
        let plan = engine.plan(on: hardware)
        let places = Dictionary(uniqueKeysWithValues: plan.placements.map { ($0.device, $0.maximum) })
        return (places, plan.instances)
    }

    @Test("auto is bounded by the cores on the processor and by nothing but memory on GPUs; a number is dealt in turn")
    func placesInstances() {
        var engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        #expect(plan(engine, on: Hardware(cores: 3)) == (["cpu": 3], 1...3))
        #expect(plan(engine, on: Hardware(cores: 1_000)) == (["cpu": 256], 1...256))
        engine.devices = ["cuda:0", "cuda:1"]
        let measured = Hardware(cores: 8, measured: ["cpu", "cuda:0", "cuda:1"])
        #expect(plan(engine, on: measured) == (["cuda:0": 256, "cuda:1": 256], 1...256))
        // Nobody knows how many fit.
        #expect(plan(engine, on: Hardware(cores: 8)) == (["cuda:0": 1, "cuda:1": 1], 1...2))
        engine.instances = .exactly(3)
        #expect(plan(engine, on: measured) == (["cuda:0": 2, "cuda:1": 1], 3...3))
    }

    @Test("auto keeps to its bounds")
    func placesWithinBounds() {
        var engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        func bounded(_ bounds: ClosedRange<Int>, _ devices: [String]) -> (places: [String: Int], ClosedRange<Int>) {
            engine.instances = .auto(bounds)
            engine.devices = devices
            return plan(engine, on: Hardware(cores: 3, measured: ["cpu", "cuda:0"]))
        }
        #expect(bounded(1...2, ["cpu"]) == (["cpu": 2], 1...2))
        #expect(bounded(4...4, ["cpu"]) == (["cpu": 4], 4...4))
        #expect(bounded(1...8, ["cuda:0"]) == (["cuda:0": 8], 1...8))
        #expect(bounded(2...8, ["cpu", "cuda:0"]) == (["cpu": 3, "cuda:0": 8], 2...8))
        #expect(bounded(3...9, ["cuda:1", "cuda:2"]) == (["cuda:1": 2, "cuda:2": 2], 3...3))
    }

    @Test("Without devices an engine that can be told one lives on all GPUs, another one on the processor")
    func choosesDevices() {
        let machine = Hardware(cores: 4, gpus: ["cuda:0", "cuda:1"])
        let told = EngineConfiguration(name: "a", command: ["a", "{uri}", "--device={device}"])
        #expect(plan(told, on: machine).places == ["cuda:0": 1, "cuda:1": 1])
        #expect(plan(told, on: Hardware(cores: 2)).places == ["cpu": 2])
        let untold = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        #expect(plan(untold, on: machine).places == ["cpu": 4])
    }

    @Test("How many may run at once is as configured, or ours to find")
    func limitsRunning() {
        var engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        #expect(engine.plan(on: Hardware(cores: 2)).maxRunning == nil)
        engine.maxRunning = .exactly(3)
        #expect(engine.plan(on: Hardware(cores: 2)).maxRunning == 3)
    }

    @Test(
        "GPUs are those that a program of ours would see",
        arguments: [
            (["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"], nil, 2),
            (["nvidia0", "nvidia1"], "1", 1), (["nvidia0", "nvidia1"], "", 0), (["nvidia0"], "-1", 0),
            (["nvidia0", "nvidia1"], "GPU-8a7c,GPU-1b2c", 2), (["nvidia0"], "0,1,2", 1), ([], nil, 0), ([], "0", 0),
        ] as [([String], String?, Int)]
    )
    func countsGPUs(files: [String], visible: String?, count: Int) {
        #expect(Hardware.gpus(deviceFiles: files, visible: visible) == (0..<count).map { "cuda:\($0)" })
    }

    @Test("The threads of all instances together are not more than the cores")
    func limitsThreads() {
        func limits(_ instances: Int) -> [String: String] {
            EngineConfiguration.defaultVariables(on: Hardware(cores: 8), instances: instances)
        }
        #expect(limits(8)["OMP_NUM_THREADS"] == "1")
        #expect(limits(8)["OMP_WAIT_POLICY"] == "PASSIVE")
        #expect(limits(8)["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID")
        #expect(limits(3)["OMP_NUM_THREADS"] == "2")
        #expect(limits(20)["OMP_NUM_THREADS"] == "1")
        #expect(limits(0)["OMP_NUM_THREADS"] == "8")
        // How many a GPU holds is not known yet; one for each is counted.
        var engine = EngineConfiguration(name: "a", command: ["a", "{uri}", "{device}"])
        let machine = Hardware(cores: 8, gpus: ["cuda:0", "cuda:1"], measured: ["cpu", "cuda:0", "cuda:1"])
        #expect(engine.computingInstances(on: machine) == 2)
        engine.devices = ["cpu"]
        #expect(engine.computingInstances(on: machine) == 8)
        engine.instances = .exactly(3)
        #expect(engine.computingInstances(on: machine) == 3)
    }

    @Test("a built-in engine runs the worker that is found, and keeps its bare name if none is")
    func resolvesCommand() {
        let shell = ProgramSearch(directories: ["/nowhere", "/bin"])
        #expect(shell.path(of: "sh") == "/bin/sh")
        #expect(shell.path(of: "/bin/sh") == "/bin/sh")
        #expect(shell.path(of: "/bin") == nil)
        #expect(shell.path(of: "no-such-program") == nil)
        #expect(ProgramSearch.onPath(["PATH": "/a:/b"]).directories == ["/a", "/b"])
        let beside = ProgramSearch.besideChorus(["PATH": "/a"]).directories
        #expect(beside.count == 2 && beside.last == "/a" && beside.first?.hasPrefix("/") == true)
        let builtin = EngineConfiguration(builtin: .espeak)
        #expect(builtin.command(search: shell) == ["chorus-espeak", "--uri", "{uri}"])
        let command = EngineConfiguration(name: "a", command: ["sh", "{uri}"])
        #expect(command.command(search: shell) == ["sh", "{uri}"])
    }
}
