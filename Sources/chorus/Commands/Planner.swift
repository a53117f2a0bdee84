import FoundationEssentials
import PoolCore

/// Makes a plan: brings together what is known, has the pool decide, and says what comes of it.
struct Planner: Sendable {
    /// The engines, and the limits of the pool.
    var configuration: Configuration
    /// The devices to plan for.
    var devices: [PlanDevice]
    /// Cores for instances on the CPU.
    var cores: Int
    /// What flags say in place of what is known.
    var given: PlanGiven
    /// Utterances of each simulated load.
    var utterances = 20_000
    /// What was measured of an engine on a model of device.
    var figures: @Sendable (_ engine: EngineConfiguration, _ model: String) -> PlanMeasurement?

    /// The shares of what could be spoken for which waits are told.
    static let loads = [0.5, 0.8, 0.95]

    /// An engine on its way into the plan.
    struct Candidate {
        var engine: PoolConfiguration.Engine
        /// By the devices' names.
        var figures: [String: PlanFigures] = [:]
        /// What bounds how many run: a flag, the configuration or the measured knee; if none is known, nothing does.
        var runningSource = Plan.Source.assumed
    }

    /// Makes the plan. It takes a second.
    /// - Throws: when something is not known, with what would tell it.
    func plan() async throws(CommandError) -> Plan {
        if configuration.engines.count > 1, given.isOfOneEngine {
            let names = configuration.engines.map(\.name).joined(separator: ", ")
            throw CommandError("Figures are of one engine; say of which with --engine. There are: \(names).")
        }
        let candidates = try candidates()
        var pool = PoolConfiguration(engines: candidates.map(\.engine))
        for device in devices {
            pool.memory[device.name] = DeviceMemory(totalBytes: device.totalBytes, usedBytes: device.usedBytes)
        }
        pool.reserveBytes = given.reserveBytes ?? configuration.memory.reserveBytes
        pool.maxJobs = configuration.queue.maxJobs
        pool.maxJobsPerTenant = configuration.queue.maxJobs
        pool.maxWait = configuration.queue.maxWait
        let forecast = Forecast(pool)
        var plan = Plan(devices: planned(forecast, candidates), engines: [], notes: [])
        for index in candidates.indices {
            plan.engines.append(await self.engine(index, candidates[index], plan.devices, forecast))
        }
        plan.notes = notes(plan)
        return plan
    }

    // MARK: What is known

    private func candidates() throws(CommandError) -> [Candidate] {
        var hardware = Hardware(cores: cores)
        hardware.gpus = devices.map(\.name).filter { $0 != PlanDevice.host }
        hardware.measured = Set(devices.map(\.name))
        let areGiven = devices.contains(where: \.isGiven)
        var candidates: [Candidate] = []
        for var engine in configuration.engines {
            if areGiven { engine.devices = devices.map(\.name) }
            if let most = given.maxRunning { engine.maxRunning = .exactly(most) }
            candidates.append(try candidate(engine, on: hardware))
        }
        return candidates
    }

    private func candidate(_ engine: EngineConfiguration, on hardware: Hardware) throws(CommandError) -> Candidate {
        var candidate = Candidate(engine: engine.plan(on: hardware))
        for placement in candidate.engine.placements {
            guard let device = devices.first(where: { $0.name == placement.device }) else {
                throw CommandError(
                    """
                    \(engine.name) is to be on \(placement.device), of which nobody here knows how much memory it has. \
                    See 'chorus doctor', or tell of the devices with --gpu or --host.
                    """
                )
            }
            let measurement = device.model.flatMap { figures(engine, $0) }
            do {
                candidate.figures[device.name] = try PlanFigures(
                    given: given,
                    largestUnits: candidate.engine.largestUnits,
                    measurement: measurement,
                    model: device.model
                )
            } catch {
                throw missing(error, engine, device)
            }
        }
        candidate.engine.figures = candidate.figures.mapValues(\.figures)
        bound(&candidate)
        return candidate
    }

    /// How many run: what was said, else the knee, else all. The pool would look for the knee while it is simulated.
    private func bound(_ candidate: inout Candidate) {
        let knees = Set(candidate.figures.values.map(\.figures.curve.knee))
        if candidate.engine.maxRunning != nil {
            candidate.runningSource = given.maxRunning != nil ? .given : .configured
        } else if knees.count == 1, let knee = knees.first {
            candidate.runningSource = knee == nil ? .assumed : .measured
            candidate.engine.maxRunning = knee ?? RunningLimit.range.upperBound
        } else {
            candidate.runningSource = .measured
        }
    }

    private func missing(
        _ missing: PlanFigures.Missing,
        _ engine: EngineConfiguration,
        _ device: PlanDevice
    ) -> CommandError {
        let model = device.model.map { " (\($0))" } ?? ""
        return CommandError(
            """
            \(engine.name) has not been measured on \(device.name)\(model): start 'chorus serve' once with this \
            configuration so that it can measure, or give \(missing.flags.joined(separator: " and ")).
            """
        )
    }
}
