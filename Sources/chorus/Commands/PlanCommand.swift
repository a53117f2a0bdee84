import ArgumentParser
import Devices
import FoundationEssentials
import PoolCore
import Supervisor

/// `chorus plan`.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say how many instances fit, how many speak at once, and how long callers would wait.",
        discussion: """
            Loads the configured engines on this machine's devices, on paper: with what 'chorus serve' measured of \
            them when it ran, and with the same pool that serves. A flag takes the place of what was measured, \
            configured or seen. With the devices, --instance and --rtf given, nothing else is needed, and no file \
            is read.

            Sizes are such as 24GiB, 1.9GiB or 600MiB.

            Examples:
              chorus plan
              chorus plan --config chorus.yaml --max-running 3
              chorus plan --gpu 24GiB×4 --instance 1.9GiB --peak 300MiB --rtf 0.3
              chorus plan --host 32GiB --cores 16 --instance 1.6GiB --added 60MiB --rtf 3.5
            """
    )

    @OptionGroup var source: ConfigurationOptions

    @Option(help: "Plan for this engine alone. (default: all that are configured)")
    var engine: String?

    @Option(
        help: ArgumentHelp(
            "GPUs, by the memory of each and their number, instead of this machine's; may be given again for others.",
            valueName: "size×n"
        ),
        transform: PlanArguments.gpus
    )
    var gpu: [PlanArguments.GPUs] = []

    @Option(
        help: ArgumentHelp("A host without GPUs that has so much memory, instead of this machine.", valueName: "size"),
        transform: PlanArguments.memory
    )
    var host: Int?

    @Option(help: ArgumentHelp("Cores for instances on the CPU: one each.", valueName: "n"))
    var cores: Int?

    @Option(
        help: ArgumentHelp("What an instance holds that has nothing to do: context and weights.", valueName: "size"),
        transform: PlanArguments.size
    )
    var instance: Int?

    @Option(
        help: ArgumentHelp("What one more adds, if instances share memory.", valueName: "size"),
        transform: PlanArguments.size
    )
    var added: Int?

    @Option(
        help: ArgumentHelp("What the largest text needs above that while it is spoken.", valueName: "size"),
        transform: PlanArguments.size
    )
    var peak: Int?

    @Option(help: ArgumentHelp("Seconds that one instance takes for a second of audio.", valueName: "factor"))
    var rtf: Double?

    @Option(
        help: ArgumentHelp("The audio of a typical utterance, such as 6s.", valueName: "duration"),
        transform: PlanArguments.duration
    )
    var audio: Duration?

    @Option(help: ArgumentHelp("Jobs that run at once on one device at the most.", valueName: "n"))
    var maxRunning: Int?

    @Option(
        help: ArgumentHelp(
            "What is kept free on each device. (default: as configured, else 5 %, at least 512MiB)",
            valueName: "size"
        ),
        transform: PlanArguments.size
    )
    var reserve: Int?

    @Flag(help: "Print JSON; docs/MEMORY.md explains its keys.")
    var json = false

    func validate() throws {
        func check(_ isAllowed: Bool, _ message: String) throws {
            if !isAllowed { throw ValidationError(message) }
        }
        try check(
            gpu.isEmpty || host == nil,
            "--gpu and --host exclude each other: an engine's figures on one say nothing of the other."
        )
        try check(cores == nil || gpu.isEmpty, "--cores counts for instances on the CPU; leave it out with --gpu.")
        let gpus = gpu.reduce(0) { $0 + $1.count }
        try check(gpus <= PlanArguments.mostGPUs, "\(gpus) GPUs are too many; \(PlanArguments.mostGPUs) is the most.")
        try check(cores.map { (1...4_096).contains($0) } ?? true, "--cores must be a whole number from 1 to 4096.")
        try check(
            maxRunning.map(RunningLimit.range.contains) ?? true,
            "--max-running must be a whole number from 1 to \(RunningLimit.range.upperBound)."
        )
        try check(rtf.map { (0.000_1...1_000).contains($0) } ?? true, "--rtf must be a number from 0.0001 to 1000.")
        if let added, let instance {
            try check(added <= instance, "--added is what one more instance adds; it is not more than --instance.")
        }
    }

    func run() async throws {
        let plan = try await planner().plan()
        print(json ? try plan.json : PlanReport(plan: plan).text, terminator: "")
    }

    /// What the flags say.
    var given: PlanGiven {
        PlanGiven(
            hasCores: cores != nil,
            instanceBytes: instance,
            addedBytes: added,
            peakBytes: peak,
            rtf: rtf,
            audioSeconds: audio.map { $0 / .seconds(1) },
            maxRunning: maxRunning,
            reserveBytes: reserve
        )
    }

    /// The planner, with what is to be known of this machine.
    private func planner() throws -> Planner {
        let named = PlanDevice.given(gpus: gpu, hostBytes: host)
        if !named.isEmpty, instance != nil, rtf != nil, source.config == nil, engine == nil {
            return Planner(
                configuration: Configuration(engines: [EngineConfiguration(name: "engine", command: ["engine"])]),
                devices: named,
                cores: cores ?? Hardware.here([]).cores,
                given: given
            ) { _, _ in nil }
        }
        let environment = ProcessInfo.processInfo.environment
        var configuration = try source.load().configuration
        if let engine {
            configuration.engines = configuration.engines.filter { $0.name == engine }
            guard !configuration.engines.isEmpty else { throw CommandError("There is no engine \(engine).") }
        }
        let here = PlanDevice.seen(
            DeviceMonitor(environment: environment).read(),
            hostLimitBytes: configuration.memory.hostLimitBytes
        )
        let state = StateDirectory.path(configured: configuration.stateDirectory, environment)
        let store = FiguresStore(path: "\(state)/measured.json")
        let programs = ProgramSearch.besideChorus(environment)
        return Planner(
            configuration: configuration,
            devices: named.isEmpty ? here : named.map { $0.modelled(on: here) },
            cores: cores ?? Hardware.here([]).cores,
            given: given
        ) { engine, model in
            let started = SupervisorConfiguration.Engine(
                plan: .init(name: engine.name, devices: []),
                command: engine.command(search: programs),
                environment: [:],
                usesMPS: engine.usesMPS
            )
            guard let figures = store.figures(of: started, on: model) else { return nil }
            return PlanMeasurement(figures: figures, at: store.measured(started, on: model))
        }
    }
}
