import Logging
import Observability
import PoolCore
import SpeechCore

/// What `chorus.yaml`, the environment and the flags decide. Everything has a default: with none of them Chorus serves
/// the built-in espeak-ng engine on the loopback address.
struct Configuration: Sendable, Equatable {
    /// Where HTTP is served.
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// The certificate and the key of HTTPS; HTTP without them.
    var tls = TLS()
    /// A Unix socket for who runs the server: everything is allowed there. `nil` is none.
    var adminSocket: String?
    /// Whether the file is read again when it changes.
    var isWatched = false
    /// Whether it may be served without keys where others than this machine's users reach it.
    var isInsecure = false
    /// The origins of web pages that may use the server from a browser, each once.
    var cors: [String] = []
    /// The engines; at least one, the default first, names unique.
    var engines: [EngineConfiguration]
    /// Other names that callers may use as `model`. None of them is an engine's name.
    var models: [SpeechModel]
    /// The keys that callers may use, names and hashes unique; with none, no key is asked for.
    var keys: [APIKeyConfiguration] = []
    /// The central queue.
    var queue = Queue()
    /// Silence between the segments of an utterance.
    var segmentGap: Duration = .zero
    /// What one request may ask for, and how many there may be.
    var limits = Limits()
    /// What instances leave free, and what they may use of the host.
    var memory = Memory()
    /// What is kept of audio that was made.
    var cache = Cache()
    /// Where voices that callers made are kept; `auto` is the user's place for such things (see `StateDirectory`).
    var stateDirectory = StateDirectory.auto
    /// How long requests in flight may go on after the server was told to stop.
    var drainTimeout: Duration = .seconds(30)
    /// What is logged, and how.
    var log = Log()

    /// The default configuration of some engines: the built-in one unless told otherwise.
    init(engines: [EngineConfiguration] = [EngineConfiguration(builtin: .espeak)]) {
        precondition(!engines.isEmpty, "there is at least one engine")
        self.engines = engines
        self.models = Self.openAIModels(for: engines)
    }

    /// OpenAI's model names as aliases of the default engine, so that its clients work unchanged.
    static func openAIModels(for engines: [EngineConfiguration]) -> [SpeechModel] {
        ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]
            .filter { alias in !engines.contains { $0.name == alias } }
            .map { SpeechModel(id: $0, engine: engines[0].name) }
    }

    /// How many instances the default engine has; `nil` is `auto`. Setting it sets those of every engine: this is what
    /// `--instances` does.
    var instances: Int? {
        get { if case .exactly(let count) = engines[0].instances { count } else { nil } }
        set {
            for index in engines.indices { engines[index].instances = newValue.map { .exactly($0) } ?? .auto }
        }
    }

    /// Limits of the central queue.
    struct Queue: Sendable, Equatable {
        /// Jobs that may wait in all; beyond it callers get `503`.
        var maxJobs = 1_000
        /// Jobs that may wait for one tenant; beyond it that tenant gets `429`.
        var maxJobsPerTenant = 1_000
        /// How long a job may wait before it is given up, and what may be late is not taken.
        var maxWait: Duration = .seconds(60)
        /// The same for bulk jobs.
        var maxBulkWait: Duration = .seconds(600)
        /// Bytes of text that may wait in all.
        var maxBytes = 64 << 20
        /// When all wait for longer than this for a while, bulk is turned away, and later what has no priority.
        var targetWait: Duration = .seconds(5)
        /// Which waiting job is the next.
        var order = PoolConfiguration.Order.deadline
    }

    /// Limits of requests.
    struct Limits: Sendable, Equatable {
        /// Characters of `input`.
        var maxInput = 100_000
        /// Bytes of a request's body.
        var maxBody = 1 << 20
        /// Bytes of a response that is sent when it is finished.
        var maxFile = 64 << 20
        /// Bytes of all such responses together that are made and not sent yet.
        var maxFileTotal = 256 << 20
        /// Responses that may be in the making at once.
        var maxStreams = 1_000
        /// How long a client may take nothing before it is cut off.
        var writeStall: Duration = .seconds(30)
    }

    /// Limits of memory.
    struct Memory: Sendable, Equatable {
        /// Bytes of each device that no instance is given; `nil` is `auto`: 512 MiB, or 5 % of the device if that is
        /// more.
        var reserveBytes: Int?
        /// Bytes of the host's memory that instances may use together; `nil` is `auto`: what our cgroup allows or the
        /// machine has.
        var hostLimitBytes: Int?

        /// What `reserve` may be.
        static let reserves = 0...largest
        /// What `host_limit` may be.
        static let hostLimits = 64 << 20...largest
        /// 16 TiB. More is a slip of the pen, and up to here sums of sizes cannot overflow.
        private static let largest = 1 << 44
    }

    /// HTTPS. Both are there or none.
    struct TLS: Sendable, Equatable {
        /// The file with the certificate and those that vouch for it, in PEM.
        var certificate: String?
        /// The file with its private key, in PEM.
        var key: String?
    }

    /// How much finished audio is kept, for who asks for the same again.
    struct Cache: Sendable, Equatable {
        /// Bytes in memory; 0 keeps none there. With none on disk either, nothing is shared at all.
        var memoryBytes = 64 << 20
        /// Bytes in the state directory; 0 keeps none there.
        var diskBytes = 0

        /// What `memory` and `disk` may be; up to here sums of sizes cannot overflow.
        static let sizes = 0...1 << 44
    }

    /// Logging.
    struct Log: Sendable, Equatable {
        /// The least important level that is logged.
        var level = Logger.Level.info
        /// How lines are written.
        var format = LogFormat.text
    }
}
