import Logging
import SpeechCore
import Testing

@testable import chorus

@Suite("Where the configuration comes from")
struct LoadedConfigurationTests {
    @Test("flags win over variables, variables over the file, the file over defaults")
    func hasPrecedence() throws {
        let file = "listen: :1\nlog: { level: error }\ndrain_timeout: 5s"
        let loaded = try load(
            file,
            environment: ["CHORUS_LISTEN": ":2", "CHORUS_LOG_LEVEL": "debug", "CHORUS_QUEUE_MAX_WAIT": "5s"],
            flags: ["listen": ":3"]
        )
        #expect(loaded.configuration.listen.port == 3)
        #expect(loaded.configuration.log.level == .debug)
        #expect(loaded.configuration.drainTimeout == .seconds(5))
        #expect(loaded.configuration.queue.maxWait == .seconds(5))
        #expect(loaded.configuration.queue.maxJobs == 1_000)
        #expect(
            loaded.origins == [
                "listen": "--listen",
                "log.level": "CHORUS_LOG_LEVEL",
                "drain_timeout": "chorus.yaml:3",
                "queue.max_wait": "CHORUS_QUEUE_MAX_WAIT",
            ]
        )
    }

    @Test("the number of instances goes to every engine")
    func setsInstances() throws {
        let engines = "engines: [{name: a, builtin: espeak, instances: 1}, {name: b, builtin: espeak}]"
        let loaded = try load(engines, environment: ["CHORUS_INSTANCES": "4"])
        #expect(loaded.configuration.engines.map(\.instances) == [.exactly(4), .exactly(4)])
        let flag = try load(engines, environment: ["CHORUS_INSTANCES": "4"], flags: ["instances": "auto"])
        #expect(flag.configuration.engines.map(\.instances) == [.auto, .auto])
        #expect(
            problems("", flags: ["instances": "{min: 1}"]) == [
                #"--instances is "{min: 1}"; it must be auto or a whole number from 1 to 256"#
            ]
        )
    }

    @Test("a certificate without its key is a mistake, and so is the key alone")
    func halfAnIdentity() {
        #expect(
            problems("tls: { certificate: /a.pem }") == [
                "tls.certificate is given and tls.key is not; HTTPS needs both, or neither is to be given"
            ]
        )
        #expect(problems("tls: { key: /a.pem }").count == 1)
        #expect(problems("tls: { certificate: /a.pem, key: /b.pem }\nadmin_socket: /run/a\nwatch: true").isEmpty)
    }

    @Test("every single value has a variable")
    func hasVariables() {
        #expect(
            Setting.all.map(\.variable) == [
                "CHORUS_LISTEN", "CHORUS_INSECURE", "CHORUS_TLS_CERTIFICATE", "CHORUS_TLS_KEY", "CHORUS_ADMIN_SOCKET",
                "CHORUS_WATCH",
                "CHORUS_QUEUE_MAX_JOBS", "CHORUS_QUEUE_MAX_JOBS_PER_TENANT", "CHORUS_QUEUE_MAX_WAIT",
                "CHORUS_QUEUE_MAX_BULK_WAIT",
                "CHORUS_QUEUE_MAX_BYTES", "CHORUS_QUEUE_TARGET_WAIT", "CHORUS_QUEUE_ORDER",
                "CHORUS_SEGMENT_GAP", "CHORUS_LIMITS_MAX_INPUT", "CHORUS_LIMITS_MAX_BODY", "CHORUS_LIMITS_MAX_FILE",
                "CHORUS_LIMITS_MAX_FILE_TOTAL", "CHORUS_LIMITS_MAX_STREAMS", "CHORUS_LIMITS_WRITE_STALL",
                "CHORUS_MEMORY_RESERVE", "CHORUS_MEMORY_HOST_LIMIT",
                "CHORUS_CACHE_MEMORY", "CHORUS_CACHE_DISK", "CHORUS_STATE_DIR",
                "CHORUS_DRAIN_TIMEOUT", "CHORUS_LOG_LEVEL",
                "CHORUS_LOG_FORMAT",
            ]
        )
    }

    @Test("problems of the file, of variables and of flags are all told, each by its name")
    func tellsAllProblems() {
        let found = problems(
            "drain_timeout: x",
            environment: ["CHORUS_LISTEN": "x", "CHORUS_QUEUE_MAX_JOBS": "0", "CHORUS_INSTANCES": "0"],
            flags: ["log.format": "xml"]
        )
        #expect(
            found == [
                #"chorus.yaml:1:16: drain_timeout is "x"; it must be a duration from 0s to 1h, such as 500ms, 60s or 5m"#,
                #"CHORUS_LISTEN is "x"; it must be HOST:PORT, such as 127.0.0.1:8080, "[::1]:8080" or :8080"#,
                #"CHORUS_QUEUE_MAX_JOBS is "0"; it must be a whole number from 1 to 1000000"#,
                #"--log-format is "xml"; it must be one of text, json"#,
                #"CHORUS_INSTANCES is "0"; it must be auto or a whole number from 1 to 256"#,
            ]
        )
    }

    @Test("an error says how many problems there are, each on a line of its own")
    func describesErrors() {
        let place = ConfigurationProblem.Place(file: "f", line: 1, column: 2)
        let problems = [ConfigurationProblem(place: place, message: "a"), ConfigurationProblem(message: "b")]
        #expect("\(ConfigurationError(problems: problems))" == "the configuration has 2 problems:\nf:1:2: a\nb")
        #expect("\(ConfigurationError(problems: [problems[1]]))" == "the configuration has a problem:\nb")
    }

    @Test("empty variables, and those that mean nothing to us, are ignored")
    func ignoresOtherVariables() throws {
        let variables = [
            "CHORUS_LISTEN": "", "CHORUS_PORT_8080_TCP": "tcp://10.0.0.1:8080", "CHORUS_SERVICE_HOST": "x",
        ]
        #expect(try load("", environment: variables).configuration == Configuration())
    }

    @Test("what is shown is read again as the same, as YAML and as JSON")
    func roundTrips() throws {
        let texts = [
            "",
            """
            listen: "[::1]:0"
            engines:
              - name: mine
                command: [./run, "{uri}", -c, "a: b # \\"c\\"", "", "no", "0x1F", "1:30", "你好", "l1\\nl2\\u2028\\u0007"]
                devices: [cuda:0, cpu]
                instances: 12
                max_running: 3
                load_timeout: 1.5s
                template: true
                mps: true
                doctor: [./run, --doctor, "{device}"]
                env: { A: "1", B: "true", C: "null", D: "-", E: "a b", F: " ", G: "2026-01-01", yes: "{x}" }
                voices: { "1": "en-us+Mr serious", alloy: auto+f1 }
              - name: espeak
                builtin: espeak
                instances: { min: 2, max: 8 }
                voices: { alloy: cmn }
            models: { "007": mine, "no": espeak }
            queue: { max_jobs: 3, max_wait: 90s }
            cors: [https://app.example.org, "http://[::1]:3000"]
            segment_gap: 1ms
            state_dir: /var/lib/chorus voices
            limits: { max_body: 1000000 }
            memory: { reserve: 0, host_limit: 1GB }
            cache: { memory: 1MB, disk: 5GB }
            log: { level: critical }
            """,
            "models: {}",
        ]
        for text in texts {
            let loaded = try load(text)
            #expect(try configuration(loaded.document.yaml) == loaded.configuration)
            #expect(try configuration(loaded.document.json) == loaded.configuration)
        }
    }

    @Test("what is shown says where values came from")
    func showsOrigins() throws {
        let loaded = try load(
            "listen: :1\nlog: { level: error }\nengines: [{name: a, command: [run, '{uri}']}]",
            environment: [
                "CHORUS_QUEUE_MAX_JOBS": "9", "CHORUS_INSTANCES": "2", "CHORUS_MEMORY_RESERVE": "524288KiB",
            ]
        )
        #expect(
            loaded.document.yaml == """
                listen: 0.0.0.0:1  # chorus.yaml:1
                insecure: false
                tls:
                  certificate: none
                  key: none
                admin_socket: none
                watch: false
                engines:
                  - name: a
                    command: [run, "{uri}"]
                    instances: 2  # CHORUS_INSTANCES
                    max_running: auto
                    spares: 0
                    load_timeout: 60s
                    template: false
                    mps: false
                    env: {}
                    voices: {}
                models:
                  tts-1: a
                  tts-1-hd: a
                  gpt-4o-mini-tts: a
                keys: []
                cors: []
                queue:
                  max_jobs: 9  # CHORUS_QUEUE_MAX_JOBS
                  max_jobs_per_tenant: 1000
                  max_wait: 60s
                  max_bulk_wait: 10m
                  max_bytes: 64MiB
                  target_wait: 5s
                  order: deadline
                segment_gap: 0s
                limits:
                  max_input: 100000
                  max_body: 1MiB
                  max_file: 64MiB
                  max_file_total: 256MiB
                  max_streams: 1000
                  write_stall: 30s
                memory:
                  reserve: 512MiB  # CHORUS_MEMORY_RESERVE
                  host_limit: auto
                cache:
                  memory: 64MiB
                  disk: 0
                state_dir: auto
                drain_timeout: 30s
                log:
                  level: error  # chorus.yaml:2
                  format: text

                """
        )
    }

    @Test("JSON keeps numbers as numbers and texts as texts")
    func writesJSON() {
        let document = ConfigurationDocument.mapping([
            .init("count", .value("3"), comment: "not shown"), .init("text", .text("3")), .init("none", .mapping([])),
            .init("list", .list([.value("60s"), .text("a\"\\\n")])),
        ])
        #expect(
            document.json == """
                {
                  "count": 3,
                  "text": "3",
                  "none": {},
                  "list": ["60s", "a\\"\\\\\\n"]
                }

                """
        )
    }

    @Test("a summary says what a valid file amounts to")
    func summarises() throws {
        #expect(
            try load("engines: [{name: a, builtin: espeak}, {name: b, builtin: espeak}]\nmodels: {m: b}").summary
                == "chorus.yaml is valid: 2 engines (a, b), 1 alias of models, listens on 127.0.0.1:8080."
        )
        #expect(
            LoadedConfiguration.defaults.summary
                == "There is no configuration file; the defaults are valid: 1 engine (espeak), 3 aliases of models, "
                + "listens on 127.0.0.1:8080."
        )
    }
}
