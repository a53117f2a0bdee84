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
                load_timeout: 1ms
                template: maybe
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
                    + "there are {uri}, {device}, {instance}",
                #"chorus.yaml:6:20: engines[1].devices[1] is "cpu" again; each device is named once"#,
                #"chorus.yaml:6:25: engines[1].devices[2] is "GPU 0"; it must be a device such as cpu or cuda:0"#,
                #"chorus.yaml:6:32: engines[1].devices[3] is "cuda:x"; it must be a device such as cpu or cuda:0"#,
                #"chorus.yaml:7:16: engines[1].instances is "257"; it must be auto or a whole number from 1 to 256"#,
                "chorus.yaml:8:19: engines[1].load_timeout is \"1ms\"; "
                    + "it must be a duration from 1s to 1h, such as 500ms, 60s or 5m",
                #"chorus.yaml:9:15: engines[1].template is "maybe"; it must be true or false"#,
                "chorus.yaml:10:19: engines[1].doctor has the unknown placeholder {gpu}; there is {device}",
                "chorus.yaml:12:7: \"1A\" is no key for engines[1].env; "
                    + "it must be letters, digits and underscores, no digit first",
                "chorus.yaml:13:9: engines[1].env.B is empty; it must be text",
                "chorus.yaml:14:13: engines[1].voices has an alias called auto, which has a meaning already; "
                    + "choose another name",
                #"chorus.yaml:14:15: "a b" is no key for engines[1].voices; it must be at most 64 \#(name)"#,
                #"chorus.yaml:14:26: engines[1].voices.d is ""; it must be a line of text"#,
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

    @Test("auto places one instance on each core and on each other device; a number is dealt in turn")
    func placesInstances() {
        var engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        #expect(engine.placement(on: Hardware(cores: 3)) == ["cpu", "cpu", "cpu"])
        #expect(engine.placement(on: Hardware(cores: 1_000)).count == InstanceCount.range.upperBound)
        engine.devices = ["cuda:0", "cuda:1"]
        #expect(engine.placement(on: Hardware(cores: 8)) == ["cuda:0", "cuda:1"])
        engine.instances = .exactly(3)
        #expect(engine.placement(on: Hardware(cores: 8)) == ["cuda:0", "cuda:1", "cuda:0"])
    }

    @Test("Without devices an engine that can be told one lives on all GPUs, another one on the processor")
    func choosesDevices() {
        let machine = Hardware(cores: 4, gpus: ["cuda:0", "cuda:1"])
        let told = EngineConfiguration(name: "a", command: ["a", "{uri}", "--device={device}"])
        #expect(told.placement(on: machine) == ["cuda:0", "cuda:1"])
        #expect(told.placement(on: Hardware(cores: 2)) == ["cpu", "cpu"])
        let untold = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        #expect(untold.placement(on: machine) == ["cpu", "cpu", "cpu", "cpu"])
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
            EngineConfiguration.threadLimits(on: Hardware(cores: 8), instances: instances)
        }
        #expect(limits(8) == ["OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"])
        #expect(limits(3)["OMP_NUM_THREADS"] == "2")
        #expect(limits(20)["OMP_NUM_THREADS"] == "1")
        #expect(limits(0)["OMP_NUM_THREADS"] == "8")
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
