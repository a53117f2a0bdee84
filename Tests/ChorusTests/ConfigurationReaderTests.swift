import Logging
import Observability
import PoolCore
import SpeechAPI
import SpeechCore
import Testing

@testable import chorus

@Suite("Reading chorus.yaml")
struct ConfigurationReaderTests {
    @Test("every key is read")
    func readsEveryKey() throws {
        let configuration = try configuration(
            """
            listen: "[::1]:9000"
            insecure: true
            engines:
              - name: mine
                command: [python3, -m, mine, --uri, "{uri}", "{device}-{instance}", "--memory={memory_bytes}"]
                devices: [cuda:0, cuda:1]
                instances: 3
                max_running: 2
                load_timeout: 3m
                template: true
                mps: true
                doctor: [python3, -m, mine, --doctor]
                env: { HF_HUB_OFFLINE: 1, EMPTY: "" }
                voices: { alloy: en-us+f1 }
              - name: espeak
                builtin: espeak
                voices: { alloy: en-gb, anna: auto+f2 }
            models: { tts-1: espeak, best: mine }
            keys: [{ name: amy, hash: "\(KeyDigest(of: "secret"))", concurrent: 2 }]
            queue:
              max_jobs: 7
              max_jobs_per_tenant: 5
              max_wait: 2m
              max_bulk_wait: 1h
              max_bytes: 2MiB
              target_wait: 3s
              order: arrival
            segment_gap: 250ms
            state_dir: /var/lib/chorus
            limits:
              max_input: 4096
              max_body: 512KiB
              max_file: 1MiB
              max_file_total: 1GiB
              max_streams: 20
              write_stall: 10s
            memory: { reserve: 1GiB, host_limit: 64MiB }
            cache: { memory: 0, disk: 10GiB }
            drain_timeout: 1h
            log: { level: debug, format: json }
            """
        )
        var mine = EngineConfiguration(
            name: "mine",
            command: ["python3", "-m", "mine", "--uri", "{uri}", "{device}-{instance}", "--memory={memory_bytes}"]
        )
        mine.devices = ["cuda:0", "cuda:1"]
        mine.instances = .exactly(3)
        mine.maxRunning = .exactly(2)
        mine.loadTimeout = .seconds(180)
        mine.usesTemplate = true
        mine.usesMPS = true
        mine.doctor = ["python3", "-m", "mine", "--doctor"]
        mine.environment = ["HF_HUB_OFFLINE": "1", "EMPTY": ""]
        mine.voices = ["alloy": "en-us+f1"]
        var espeak = EngineConfiguration(builtin: .espeak)
        espeak.voices["alloy"] = "en-gb"
        espeak.voices["anna"] = "auto+f2"
        var expected = Configuration(engines: [mine, espeak])
        expected.listen = ListenAddress(host: "::1", port: 9_000)
        expected.isInsecure = true
        var amy = APIKeyConfiguration(APIKey(name: "amy", digest: KeyDigest(of: "secret")))
        amy.key.limits.concurrent = 2
        expected.keys = [amy]
        expected.models = [SpeechModel(id: "tts-1", engine: "espeak"), SpeechModel(id: "best", engine: "mine")]
        expected.queue.maxJobs = 7
        expected.queue.maxJobsPerTenant = 5
        expected.queue.maxWait = .seconds(120)
        expected.queue.maxBulkWait = .seconds(3_600)
        expected.queue.maxBytes = 2 << 20
        expected.queue.targetWait = .seconds(3)
        expected.queue.order = .arrival
        expected.segmentGap = .milliseconds(250)
        expected.stateDirectory = "/var/lib/chorus"
        expected.limits.maxInput = 4_096
        expected.limits.maxBody = 512 << 10
        expected.limits.maxFile = 1 << 20
        expected.limits.maxFileTotal = 1 << 30
        expected.limits.maxStreams = 20
        expected.limits.writeStall = .seconds(10)
        expected.memory.reserveBytes = 1 << 30
        expected.memory.hostLimitBytes = 64 << 20
        expected.cache.memoryBytes = 0
        expected.cache.diskBytes = 10 << 30
        expected.drainTimeout = .seconds(3_600)
        expected.log.level = .debug
        expected.log.format = .json
        #expect(configuration == expected)
    }

    @Test("nothing at all is the default", arguments: ["", "# nothing\n", "{}"])
    func readsNothing(yaml: String) throws {
        #expect(try configuration(yaml) == Configuration())
    }

    @Test("the default is one built-in engine with OpenAI's names for models and voices")
    func hasDefaults() {
        let configuration = Configuration()
        #expect(configuration.engines == [EngineConfiguration(name: "espeak", builtin: .espeak)])
        #expect(configuration.models.map(\.id) == ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"])
        #expect(configuration.models.allSatisfy { $0.engine == "espeak" })
        let voices = configuration.engines[0].voices
        let openAI = "alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse"
        #expect(voices.keys.sorted() == openAI.split(separator: " ").map(String.init))
        #expect(Set(voices.values).count == voices.count)
        #expect(voices.values.allSatisfy { $0.hasPrefix("auto+") })
    }

    @Test("auto leaves memory to be found out")
    func readsAutoMemory() throws {
        #expect(try configuration("memory: { reserve: auto, host_limit: auto }").memory == Configuration.Memory())
        #expect(try configuration("memory: { reserve: 0 }").memory.reserveBytes == 0)
    }

    @Test("OpenAI's model names go to the first engine, unless an engine has such a name or models are given")
    func choosesModels() throws {
        let engines = "engines: [{name: tts-1, builtin: espeak}, {name: b, builtin: espeak}]\n"
        let models = try configuration(engines).models
        #expect(models == ["tts-1-hd", "gpt-4o-mini-tts"].map { SpeechModel(id: $0, engine: "tts-1") })
        #expect(try configuration(engines + "models: {}").models == [])
    }

    @Test("a value that is not allowed is named, with its place and what is allowed")
    func refusesValues() {
        let yaml = """
            listen: 8080
            queue:
              max_jobs: 0
              max_jobs_per_tenant: many
              max_wait: 60
            segment_gap: 11s
            limits: { max_input: 10000001, max_body: 1KB, max_streams: 1.5, write_stall: 0s }
            drain_timeout: -1s
            log: { level: loud, format: xml }
            memory:
              reserve: -1
              host_limit: 63MiB
            cache: { memory: auto, disk: 16385GiB }
            """
        let number = "it must be a whole number from 1 to"
        let example = "such as 500ms, 60s or 5m"
        #expect(
            problems(yaml) == [
                #"chorus.yaml:1:9: listen is "8080"; it must be HOST:PORT, such as 127.0.0.1:8080, "[::1]:8080" or :8080"#,
                #"chorus.yaml:3:13: queue.max_jobs is "0"; \#(number) 1000000"#,
                #"chorus.yaml:4:24: queue.max_jobs_per_tenant is "many"; \#(number) 1000000"#,
                #"chorus.yaml:5:13: queue.max_wait is "60"; it must be a duration from 100ms to 1h, \#(example)"#,
                #"chorus.yaml:6:14: segment_gap is "11s"; it must be a duration from 0s to 10s, \#(example)"#,
                #"chorus.yaml:7:22: limits.max_input is "10000001"; \#(number) 10000000"#,
                #"chorus.yaml:7:42: limits.max_body is "1KB"; it must be a size from 1KiB to 64MiB, such as 512KiB"#,
                #"chorus.yaml:7:60: limits.max_streams is "1.5"; \#(number) 100000"#,
                #"chorus.yaml:7:78: limits.write_stall is "0s"; it must be a duration from 1s to 1h, \#(example)"#,
                #"chorus.yaml:8:16: drain_timeout is "-1s"; it must be a duration from 0s to 1h, \#(example)"#,
                "chorus.yaml:9:15: log.level is \"loud\"; "
                    + "it must be one of trace, debug, info, notice, warning, error, critical",
                #"chorus.yaml:9:29: log.format is "xml"; it must be one of text, json"#,
                "chorus.yaml:11:12: memory.reserve is \"-1\"; "
                    + "it must be auto or a size from 0 to 16384GiB, such as 512MiB",
                "chorus.yaml:12:15: memory.host_limit is \"63MiB\"; "
                    + "it must be auto or a size from 64MiB to 16384GiB, such as 8GiB",
                #"chorus.yaml:13:18: cache.memory is "auto"; it must be a size from 0 to 16384GiB, such as 64MiB"#,
                #"chorus.yaml:13:30: cache.disk is "16385GiB"; it must be a size from 0 to 16384GiB, such as 10GiB"#,
            ]
        )
    }

    @Test("an unknown key is named, with the one that was meant or all that there are")
    func refusesUnknownKeys() {
        let yaml = """
            listne: 127.0.0.1:1
            port: 8080
            queue: { max_job: 3, size: 4 }
            engines:
              - { name: a, builtin: espeak, instance: 2 }
            """
        #expect(
            problems(yaml) == [
                #"chorus.yaml:1:1: "listne" is not a setting; did you mean "listen"?"#,
                "chorus.yaml:2:1: \"port\" is not a setting; "
                    + "there are engines, models, keys, cors, listen, insecure, tls, admin_socket, watch, queue, segment_gap, "
                    + "limits, memory, cache, state_dir, drain_timeout, log",
                #"chorus.yaml:3:10: "max_job" is not a setting of queue; did you mean "max_jobs"?"#,
                "chorus.yaml:3:22: \"size\" is not a setting of queue; "
                    + "there are max_jobs, max_jobs_per_tenant, max_wait, max_bulk_wait, max_bytes, target_wait, order",
                #"chorus.yaml:5:33: "instance" is not a setting of engines[0]; did you mean "instances"?"#,
            ]
        )
    }

    @Test("a node of the wrong kind is named")
    func refusesKinds() {
        let mapping = "it must be a mapping of keys to values"
        #expect(problems("- a") == ["chorus.yaml:1:1: the file is a list; \(mapping)"])
        #expect(problems("hello") == [#"chorus.yaml:1:1: the file is "hello"; \#(mapping)"#])
        #expect(problems("queue: 5") == [#"chorus.yaml:1:8: queue is "5"; \#(mapping)"#])
        #expect(problems("queue:") == ["chorus.yaml:1:7: queue is empty; \(mapping)"])
        #expect(
            problems("drain_timeout: [1s]") == [
                "chorus.yaml:1:16: drain_timeout is a list; "
                    + "it must be a duration from 0s to 1h, such as 500ms, 60s or 5m"
            ]
        )
        #expect(
            problems("log: { format: ~ }") == ["chorus.yaml:1:16: log.format is empty; it must be one of text, json"]
        )
        #expect(problems("[a]: b") == ["chorus.yaml:1:1: a key of the file is a list; it must be a word"])
    }

    @Test("what is not YAML is named, with its place")
    func refusesSyntax() {
        #expect(
            problems("listen: :1\nqueue: {") == [
                "chorus.yaml:3:1: this is not YAML: did not find expected node content"
            ]
        )
        #expect(problems("listen: :1\n\tqueue: 1").first?.hasPrefix("chorus.yaml:2:1: this is not YAML: ") == true)
        #expect(problems("listen: :1\nlisten: :2") == [#"chorus.yaml:1:1: "listen" is given more than once here"#])
        #expect(
            problems("listen: :1\n---\na: b") == ["chorus.yaml:2:1: this is not YAML: but found another document"]
        )
        #expect(
            problems("listen: :1\n\u{1}") == ["chorus.yaml:2:1: this is not YAML: control characters are not allowed"]
        )
    }
}
