import Devices
import FoundationEssentials
import Glibc
import Testing

@testable import chorus

@Suite("What a machine lacks")
struct DiagnosisTests {
    /// A machine that has everything.
    private var healthy: MachineFacts {
        var facts = MachineFacts()
        facts.worker = .answers(path: "/opt/chorus-espeak")
        facts.voices = "/usr/share/espeak-ng-data"
        facts.socketDirectory = "/run/user/1000"
        facts.openFiles = 4_096
        facts.devices = [host(freeBytes: 300 << 20)]
        return facts
    }

    /// The host, with so much of its memory free.
    private func host(freeBytes: Int) -> DeviceReading {
        DeviceReading(device: "cpu", model: "CPU", totalBytes: 1 << 30, usedBytes: 1 << 30 - freeBytes)
    }

    private func missing(_ change: (inout MachineFacts) throws -> Void) rethrows -> [Finding] {
        var facts = healthy
        try change(&facts)
        return Diagnosis(facts: facts).findings.filter { $0.status == .missing }
    }

    @Test("a machine that has everything lacks nothing")
    func findsNothing() {
        #expect(
            DoctorCommand.text(Diagnosis(facts: healthy).findings) == """
                ok  configuration     There is no configuration file; the defaults are valid: 1 engine (espeak), \
                3 aliases of models, listens on 127.0.0.1:8080.
                ok  engine espeak     /opt/chorus-espeak runs
                ok  voices of espeak  /usr/share/espeak-ng-data
                ok  listen            127.0.0.1:8080 is free
                ok  sockets           /run/user/1000 takes the workers' sockets
                ok  open files        up to 4096
                ok  memory of cpu     CPU: 300 of 1024 MiB are free
                """
        )
    }

    @Test("what an engine's own doctor finds is told, and so is a doctor that does not answer")
    func asksDoctors() throws {
        let loaded = try load("engines: [{name: mine, command: [python3, '{uri}'], doctor: [python3, --doctor]}]")
        let weights = Finding.missing("mine: weights", "they are not there", remedy: "fetch them")
        func missingOfEngine(_ doctor: MachineFacts.Doctor) -> [Finding] {
            missing { facts in
                facts.configuration = loaded
                facts.programs = ["python3": "/usr/bin/python3"]
                facts.doctors = ["mine": doctor]
            }
        }
        #expect(missingOfEngine(.found([.ok("mine: torch", "2.13"), weights])) == [weights])
        #expect(
            missingOfEngine(.failed(reason: "no module")) == [
                .missing(
                    "mine: its doctor",
                    "it does not answer: no module",
                    remedy: "run it by hand: python3 --doctor"
                )
            ]
        )
    }

    @Test("a broken configuration is the first finding")
    func findsProblems() {
        let problems = [ConfigurationProblem(message: "a is wrong"), ConfigurationProblem(message: "b is wrong")]
        #expect(
            missing { $0.problems = problems } == [
                .missing("configuration", "a is wrong (and 1 more)", remedy: "chorus config check")
            ]
        )
    }

    @Test("a built-in engine needs its worker and its voices")
    func findsWorker() {
        #expect(
            missing { $0.worker = .notFound } == [
                .missing(
                    "engine espeak",
                    "chorus-espeak is neither beside chorus nor on PATH",
                    remedy: "swift build -c release --product chorus-espeak"
                )
            ]
        )
        #expect(
            missing { $0.worker = .fails(path: "/x", reason: "libespeak-ng.so.1: no such file") } == [
                .missing(
                    "engine espeak",
                    "/x does not run: libespeak-ng.so.1: no such file",
                    remedy: "sudo apt-get install libespeak-ng1 espeak-ng-data"
                )
            ]
        )
        #expect(
            missing { $0.voices = nil } == [
                .missing(
                    "voices of espeak",
                    "there is no espeak-ng-data directory",
                    remedy: "sudo apt-get install espeak-ng-data"
                )
            ]
        )
    }

    @Test("a command engine needs its program, and no other one's")
    func findsPrograms() throws {
        let yaml = """
            engines:
              - { name: a, command: [python3, "{uri}"] }
              - { name: b, command: [run-b, "{uri}"] }
              - { name: c, command: [run-c, "{uri}"] }
            """
        let findings = try missing { facts in
            facts.configuration = try load(yaml)
            facts.worker = nil
            facts.programs = ["run-c": "/bin/run-c"]
        }
        #expect(
            findings == [
                .missing("engine a", "python3 is not an executable on PATH", remedy: "sudo apt-get install python3"),
                .missing(
                    "engine b",
                    "run-b is not an executable on PATH",
                    remedy: "install run-b, or write its full path into the engine's command"
                ),
            ]
        )
    }

    @Test(
        "an address that cannot be listened on is missing",
        arguments: [
            (MachineFacts.Listening.refused(EADDRINUSE), "127.0.0.1:8080 is taken"),
            (.refused(EADDRNOTAVAIL), "127.0.0.1:8080 is refused: Cannot assign requested address"),
            (.unknownHost, "127.0.0.1 has no address"),
        ]
    )
    func findsAddress(listening: MachineFacts.Listening, detail: String) {
        let findings = missing { $0.listening = listening }
        #expect(findings.map(\.check) == ["listen"])
        #expect(findings.map(\.detail) == [detail])
        #expect(findings.first?.remedy?.contains("--listen") == true)
    }

    @Test("too little of anything is missing")
    func findsLimits() {
        let findings = missing { facts in
            facts.socketDirectory = nil
            facts.openFiles = 4_095
            facts.devices = [host(freeBytes: (256 << 20) - 1)]
        }
        #expect(findings.map(\.check) == ["sockets", "open files", "memory of cpu"])
        #expect(findings.allSatisfy { $0.remedy?.isEmpty == false })
        #expect(missing { $0.devices = [] } == [])
    }

    @Test("a GPU that an engine is to be on and no driver tells of is missing; one that is seen is shown")
    func findsDevices() {
        var engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        engine.devices = ["cuda:0", "cuda:1"]
        var facts = healthy
        facts.configuration.configuration.engines = [engine]
        facts.programs = ["a": "/opt/a"]
        facts.devices.append(
            DeviceReading(device: "cuda:0", model: "Fake RTX", totalBytes: 24 << 30, usedBytes: 1 << 30)
        )
        facts.deviceNotes = ["NVIDIA: driver 1"]
        let findings = Diagnosis(facts: facts).findings
        #expect(findings.contains(.ok("memory of cuda:0", "Fake RTX: 23552 of 24576 MiB are free")))
        #expect(findings.contains(.ok("devices", "NVIDIA: driver 1")))
        #expect(findings.filter { $0.status == .missing }.map(\.check) == ["memory of cuda:1"])
    }

    @Test("what mends it stands below, and in JSON too")
    func printsRemedies() throws {
        let findings = [Finding.ok("a", "fine"), .missing("b", "gone", remedy: "get b")]
        #expect(DoctorCommand.text(findings) == "ok       a  fine\nmissing  b  gone\n         mend it: get b")
        #expect(
            try DoctorCommand.json(findings) == """
                [
                  {
                    "check" : "a",
                    "detail" : "fine",
                    "status" : "ok"
                  },
                  {
                    "check" : "b",
                    "detail" : "gone",
                    "remedy" : "get b",
                    "status" : "missing"
                  }
                ]
                """
        )
    }

    @Test("this machine is looked at without harm")
    func collectsFacts() async throws {
        let yaml = """
            listen: 127.0.0.1:0
            engines: [{name: a, command: [sh, "{uri}"]}, {name: b, command: [no-such-program, "{uri}"]}]
            """
        let loaded = try load(yaml)
        let facts = await MachineFacts.collect(.success(loaded), environment: ["PATH": "/bin"])
        #expect(facts.configuration == loaded)
        #expect(facts.programs == ["sh": "/bin/sh"])
        #expect(facts.worker == nil)
        #expect(facts.listening == .free)
        #expect(facts.socketDirectory == "/tmp")
        #expect(facts.openFiles > 0)
        #expect(try #require(facts.devices.first).device == "cpu")
    }

    @Test("a worker that does not run says why, one that does is known by its path")
    func runsWorkers() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/chorus-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scripts = [
            "good": "test \"$1\" = --help && echo usage", "bad": "echo first; echo 'no library' >&2; exit 127",
            "mute": "exit 3",
        ]
        for (name, script) in scripts {
            try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: "\(directory)/\(name)"))
            chmod("\(directory)/\(name)", 0o755)
        }
        let search = ProgramSearch(directories: [directory])
        #expect(await MachineFacts.worker("good", search: search) == .answers(path: "\(directory)/good"))
        #expect(
            await MachineFacts.worker("bad", search: search) == .fails(path: "\(directory)/bad", reason: "no library")
        )
        #expect(await MachineFacts.worker("none", search: search) == .notFound)
        let mute = await MachineFacts.worker("mute", search: search)
        #expect(mute == .fails(path: "\(directory)/mute", reason: "it ends with exited(3)"))
    }

    @Test("problems are kept beside the defaults, and an unknown host is seen")
    func collectsProblems() async throws {
        let problems = [ConfigurationProblem(message: "x")]
        let broken = await MachineFacts.collect(.failure(ConfigurationError(problems: problems)), environment: [:])
        #expect(broken.problems == problems)
        #expect(broken.configuration == .defaults)
        // A label of more than 63 letters fails without asking a name server.
        let host = String(repeating: "x", count: 64)
        let nowhere = try load("listen: \(host):0\nengines: [{name: a, command: [sh, '{uri}']}]")
        #expect(await MachineFacts.collect(.success(nowhere), environment: [:]).listening == .unknownHost)
    }
}
