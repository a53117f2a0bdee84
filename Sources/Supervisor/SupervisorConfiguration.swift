package import Devices
package import PoolCore

/// What a supervisor runs.
package struct SupervisorConfiguration: Sendable {
    /// The engines, the default first; at least one.
    package var engines: [Engine]
    /// The queue's limits and the pool's times; its engines are made from `engines`.
    package var pool: PoolConfiguration

    /// Where the private directory of the workers' sockets is made.
    package var socketParent: String
    /// Sees how full the devices are; `nil` if nobody is to look, and then no device has a ledger.
    package var monitor: DeviceMonitor?
    /// What the host may be taken to have, in bytes, if that is less than it has.
    package var hostLimitBytes: Int?
    /// The time between two looks at the memory.
    package var memoryInterval = Duration.seconds(1)
    /// Where the machine's `/proc` and `/sys` are, for control groups.
    package var systemRoot = "/"
    /// The file that keeps what was measured; `nil` keeps nothing.
    package var figuresFile: String?

    /// - Parameters:
    ///   - socketParent: an existing directory with a short path; a socket's path has 107 bytes at the most.
    ///   - configure: sets the pool's limits.
    package init(
        engines: [Engine],
        socketParent: String,
        configure: (inout PoolConfiguration) -> Void = { _ in }
    ) {
        self.engines = engines
        self.socketParent = socketParent
        pool = PoolConfiguration(engines: engines.map(\.plan))
        configure(&pool)
    }

    /// How to start the instances of one engine.
    package struct Engine: Sendable {
        /// How many instances, and where; its name is what segments call it.
        package var plan: PoolConfiguration.Engine
        /// Program and arguments. `{uri}`, `{device}`, `{instance}` and `{memory_bytes}` are replaced in each.
        package var command: [String]
        /// The whole environment of its processes, but for `CHORUS_MEMORY_BYTES`.
        package var environment: [String: String]
        /// What of the environment was configured for this engine. When it changes, so may the audio.
        package var ownEnvironment: [String: String]
        /// Whether instances are copies of a template: a process that has loaded what they share.
        package var usesTemplate: Bool
        /// Whether instances share NVIDIA's GPUs by MPS. Those on other devices are as if not.
        package var usesMPS: Bool
        /// Whose rights its processes have; `nil` for ours.
        package var user: UserAccount?

        package init(
            plan: PoolConfiguration.Engine,
            command: [String],
            environment: [String: String],
            ownEnvironment: [String: String] = [:],
            usesTemplate: Bool = false,
            usesMPS: Bool = false,
            user: UserAccount? = nil
        ) {
            self.plan = plan
            self.command = command
            self.environment = environment
            self.ownEnvironment = ownEnvironment
            self.usesTemplate = usesTemplate
            self.usesMPS = usesMPS
            self.user = user
        }

        /// What segments call it.
        package var name: String { plan.name }

        /// The command with its placeholders filled in.
        /// - Parameter memoryBytes: `nil` leaves an empty word.
        func command(uri: String, device: String, instance: String, memoryBytes: Int?) -> [String] {
            let values = [
                "{uri}": uri, "{device}": device, "{instance}": instance,
                "{memory_bytes}": memoryBytes.map(String.init) ?? "",
            ]
            return command.map { argument in
                values.reduce(argument) { text, value in
                    text.split(separator: value.key, omittingEmptySubsequences: false).joined(separator: value.value)
                }
            }
        }
    }
}
