import Supervisor
import Testing

@testable import chorus

@Suite("What instances know of Chorus's environment, and whose rights they have")
struct WorkerEnvironmentTests {
    private let machine = [
        "PATH": "/bin", "HOME": "/var/lib/chorus", "LC_ALL": "C", "CUDA_VISIBLE_DEVICES": "1", "HF_HOME": "/models",
        "OMP_NUM_THREADS": "3", "XDG_CACHE_HOME": "/cache", "TOKENIZERS_PARALLELISM": "false",
        "HF_TOKEN": "s1", "HUGGING_FACE_HUB_TOKEN": "s2", "NVIDIA_API_KEY": "s3", "AWS_SECRET_ACCESS_KEY": "s4",
        "OPENAI_API_KEY": "s5", "HTTPS_PROXY": "s6", "CHORUS_API_KEY": "s7", "CHORUS_CONFIG": "/etc/chorus.yaml",
        "LD_PRELOAD": "evil.so", "LISTEN_FDS": "1", "NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "1",
        "XDG_RUNTIME_DIR": "/run/user/0", "SSH_AUTH_SOCK": "/tmp/agent", "MODEL": "/opt/model",
    ]

    @Test("they get what programs need to find things and to compute, and no secret")
    func inherits() {
        let engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        let environment = engine.instanceEnvironment(inherited: machine, account: nil)
        #expect(
            environment == [
                "PATH": "/bin", "HOME": "/var/lib/chorus", "LC_ALL": "C", "CUDA_VISIBLE_DEVICES": "1",
                "HF_HOME": "/models", "OMP_NUM_THREADS": "3", "XDG_CACHE_HOME": "/cache",
                "TOKENIZERS_PARALLELISM": "false",
            ]
        )
    }

    @Test("an engine gets what it names, and its own environment says the last word")
    func passes() throws {
        let yaml = """
            engines:
              - name: a
                command: [a, "{uri}"]
                pass_env: [HF_TOKEN, MODEL, NOT_THERE]
                env: { MODEL: /other, OMP_NUM_THREADS: "1" }
            """
        let loaded = try load(yaml)
        let engine = loaded.configuration.engines[0]
        let environment = engine.instanceEnvironment(
            inherited: machine,
            defaults: ["OMP_NUM_THREADS": "8", "OMP_WAIT_POLICY": "PASSIVE"],
            account: nil
        )
        #expect(environment["HF_TOKEN"] == "s1")
        #expect(environment["MODEL"] == "/other")
        #expect(environment["NOT_THERE"] == nil)
        #expect(environment["OMP_NUM_THREADS"] == "1")
        #expect(environment["OMP_WAIT_POLICY"] == "PASSIVE")
        #expect(try configuration(loaded.document.yaml) == loaded.configuration)
        #expect(
            problems("engines: [{name: a, builtin: espeak, pass_env: [A B]}]") == [
                "chorus.yaml:1:49: engines[0].pass_env[0] is \"A B\"; "
                    + "it must be letters, digits and underscores, no digit first"
            ]
        )
    }

    @Test("who runs as another user has that user's home, and none of our directories")
    func changesUser() throws {
        let account = try #require(UserAccount(named: "nobody"))
        let engine = EngineConfiguration(name: "a", command: ["a", "{uri}"])
        let environment = engine.instanceEnvironment(inherited: machine, account: account)
        #expect(environment["HOME"] == account.home)
        #expect(environment["USER"] == "nobody" && environment["LOGNAME"] == "nobody")
        #expect(environment["XDG_CACHE_HOME"] == nil && environment["HF_HOME"] == "/models")
    }

    @Test("a user is an account of this system, takes root, and does not go with MPS")
    func readsUser() throws {
        let loaded = try load("engines: [{name: a, builtin: espeak, user: nobody}]")
        #expect(loaded.configuration.engines[0].user == "nobody")
        #expect(try loaded.configuration.engines[0].account?.uid == UserAccount(named: "nobody")?.uid)
        #expect(try configuration(loaded.document.yaml) == loaded.configuration)
        #expect(loaded.configuration.lackOfRights(isRoot: true) == nil)
        #expect(Configuration().lackOfRights(isRoot: false) == nil)
        #expect(
            loaded.configuration.lackOfRights(isRoot: false)
                == "Engine 'a' has a 'user', and only root can start processes as somebody else. Run Chorus as root, "
                + "or leave it out."
        )
        #expect(
            problems("engines: [{name: a, builtin: espeak, user: no body}]") == [
                "chorus.yaml:1:44: engines[0].user is \"no body\", whom this system does not know; "
                    + "name one of its accounts"
            ]
        )
        #expect(
            problems("engines: [{name: a, command: [a, '{uri}'], mps: true, user: nobody}]") == [
                "chorus.yaml:1:61: engines[0].user does not go with mps: the daemon serves one user only; "
                    + "leave one of them out"
            ]
        )
    }
}
