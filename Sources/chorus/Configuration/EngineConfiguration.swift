import PoolCore
import SpeechPipeline

/// A configured speech model: how to start its instances, where, how many, and the names of its voices.
struct EngineConfiguration: Sendable, Equatable {
    /// What an instance runs.
    enum Program: Sendable, Equatable {
        /// An engine that comes with Chorus.
        case builtin(BuiltinEngine)
        /// A program and its arguments. `{uri}`, `{device}` and `{instance}` stand for what they say, `{memory_bytes}`
        /// for what the instance may use of its device's memory; `{uri}` is there.
        case command([String])
    }

    /// Unique among the engines; `[a-z0-9][a-z0-9._-]*`.
    var name: String
    /// What an instance runs.
    var program: Program
    /// Where instances live, such as `cpu` or `cuda:0`; not empty, no device twice. `nil` is wherever the machine is
    /// best at it: on all of its GPUs, if it has any and the command has a place for the device, else on `cpu`.
    var devices: [String]?
    /// How many instances there are.
    var instances: InstanceCount = .auto
    /// How many of its jobs run at once on one device, at the most.
    var maxRunning = RunningLimit.auto
    /// Whether the instances on a GPU share it by NVIDIA's Multi-Process Service. Only an engine with a command does.
    var usesMPS = false
    /// Instances more than these, that stand by until one fails.
    var spares = 0
    /// Jobs after which an instance's process is replaced; `nil` is never.
    var maxJobs: Int?
    /// The age at which an instance's process is replaced; `nil` is never.
    var maxAge: Duration?
    /// What `spares` may be.
    static let spareCounts = 0...64
    /// What `max_jobs` may be.
    static let jobCounts = 1...1_000_000_000
    /// What `max_age` may be.
    static let ages: ClosedRange<Duration> = .seconds(60) ... .seconds(365 * 24 * 3_600)
    /// What `load_timeout` may be.
    static let loadTimeouts: ClosedRange<Duration> = .seconds(1) ... .seconds(3_600)

    /// How long an instance may take from its start until it serves.
    var loadTimeout: Duration = .seconds(60)
    /// Whether instances are copies of a process that has loaded what they share. The program has to know how.
    var usesTemplate = false
    /// A program and its arguments that say what the engine lacks on this machine, for `chorus doctor`. `{device}`
    /// stands for a device of its instances.
    var doctor: [String]?
    /// The account of this system whose rights its instances have; `nil` for those of Chorus. It takes root.
    var user: String?
    /// Variables of Chorus's environment that its instances get, besides those that all do (`WorkerEnvironment`).
    var passedVariables: [String] = []
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

    /// How many instances there may be, and where.
    func plan(on hardware: Hardware) -> PoolConfiguration.Engine {
        let devices = devices ?? (takesDevice && !hardware.gpus.isEmpty ? hardware.gpus : ["cpu"])
        var plan: PoolConfiguration.Engine
        switch instances {
        case .exactly(let count):
            let dealt = (0..<count + spares).map { devices[$0 % devices.count] }
            plan = PoolConfiguration.Engine(name: name, devices: dealt, loadTimeout: loadTimeout)
        case .auto(let bounds):
            let useful = devices.map { hardware.mostInstances(on: $0, within: bounds.upperBound) }
            // The least number is had though it is of no use.
            let least = bounds.lowerBound + spares
            let share = (least + devices.count - 1) / devices.count
            plan = PoolConfiguration.Engine(
                name: name,
                placements: zip(devices, useful).map { .init(device: $0, maximum: max($1, share)) },
                instances: least...max(least, min(bounds.upperBound, useful.reduce(0, +))),
                loadTimeout: loadTimeout
            )
        }
        if case .exactly(let most) = maxRunning { plan.maxRunning = most }
        plan.largestUnits = SegmentLimits().maximum
        plan.spares = spares
        plan.maxJobs = maxJobs
        plan.maxAge = maxAge
        return plan
    }

    /// How many of its instances are to share the cores: those on the CPU, and where nobody knows yet how many a GPU
    /// holds, one for each.
    func computingInstances(on hardware: Hardware) -> Int {
        let plan = plan(on: hardware)
        guard plan.isElastic else { return plan.instances.upperBound }
        return plan.placements.reduce(0) { $0 + ($1.device == "cpu" ? $1.maximum : 1) }
    }

    /// What keeps the threads of all instances together from being more than the cores: with OpenMP, whose threads wait
    /// busily, as few as two too many make a model ten times slower. And which GPU is which. What the user says comes
    /// first.
    /// - Parameter instances: of all engines that may compute with threads.
    static func defaultVariables(on hardware: Hardware, instances: Int) -> [String: String] {
        let threads = max(1, hardware.cores / max(1, instances))
        return [
            "OMP_NUM_THREADS": String(threads), "OMP_WAIT_POLICY": "PASSIVE",
            // As the driver numbers them when it is asked how full they are.
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        ]
    }

    /// Whether its instances compute with one thread, however many they may have.
    var isSingleThreaded: Bool {
        if case .builtin(.espeak) = program { true } else { false }
    }

    /// Whether the program is told where to put its instance.
    private var takesDevice: Bool {
        if case .command(let command) = program { command.contains { $0.contains("{device}") } } else { false }
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
