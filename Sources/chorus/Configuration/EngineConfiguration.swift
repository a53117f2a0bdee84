/// A configured speech model: how to start its instances, where, how many, and the names of its voices.
struct EngineConfiguration: Sendable, Equatable {
    /// What an instance runs.
    enum Program: Sendable, Equatable {
        /// An engine that comes with Chorus.
        case builtin(BuiltinEngine)
        /// A program and its arguments. `{uri}`, `{device}` and `{instance}` stand for what they say; `{uri}` is there.
        case command([String])
    }

    /// Unique among the engines; `[a-z0-9][a-z0-9._-]*`.
    var name: String
    /// What an instance runs.
    var program: Program
    /// Where instances live, such as `cpu` or `cuda:0`; not empty, no device twice.
    var devices = ["cpu"]
    /// How many instances there are.
    var instances = InstanceCount.auto
    /// What `load_timeout` may be.
    static let loadTimeouts: ClosedRange<Duration> = .seconds(1) ... .seconds(3_600)

    /// How long an instance may take from its start until it serves.
    var loadTimeout: Duration = .seconds(60)
    /// Added to the environment of its instances.
    var environment: [String: String] = [:]
    /// Other names of voices, and what they stand for: a voice of the engine, `auto`, or `auto+VARIANT`.
    var voices: [String: String] = [:]

    /// An engine that runs a command.
    init(name: String, command: [String]) {
        self.name = name
        self.program = .command(command)
    }

    /// An engine that comes with Chorus, with its own voice names.
    init(name: String? = nil, builtin: BuiltinEngine) {
        self.name = name ?? builtin.rawValue
        self.program = .builtin(builtin)
        self.voices = builtin.voices
    }

    /// The device of each instance, in the order of the instances.
    /// - Parameter cores: cores of this machine; `auto` runs one instance on each of them, and one on each other
    ///   device.
    func placement(cores: Int) -> [String] {
        switch instances {
        case .exactly(let count):
            return (0..<count).map { devices[$0 % devices.count] }
        case .auto:
            let wanted = devices.flatMap { $0 == "cpu" ? Array(repeating: $0, count: max(1, cores)) : [$0] }
            return Array(wanted.prefix(InstanceCount.range.upperBound))
        }
    }

    /// The program and arguments of an instance, its placeholders still in it.
    /// - Parameter search: where programs that come with Chorus are looked for. One that is nowhere stays a bare name.
    func command(search: ProgramSearch) -> [String] {
        switch program {
        case .command(let command): command
        case .builtin(let engine): [search.path(of: engine.program) ?? engine.program] + engine.arguments
        }
    }
}
