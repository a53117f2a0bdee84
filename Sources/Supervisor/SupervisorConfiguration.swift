package import PoolCore

/// What a supervisor runs.
package struct SupervisorConfiguration: Sendable {
    /// The engines, the default first; at least one.
    package var engines: [Engine]
    /// The queue's limits and the pool's times; its engines are made from `engines`.
    package var pool: PoolConfiguration

    /// Where the private directory of the workers' sockets is made.
    package var socketParent: String

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
        pool = PoolConfiguration(
            engines: engines.map { .init(name: $0.name, devices: $0.devices, loadTimeout: $0.loadTimeout) }
        )
        configure(&pool)
    }

    /// How to start the instances of one engine.
    package struct Engine: Sendable {
        /// What segments call it.
        package var name: String
        /// Program and arguments. `{uri}`, `{device}` and `{instance}` are replaced in each.
        package var command: [String]
        /// The whole environment of its processes.
        package var environment: [String: String]
        /// The device of each instance; its count is the number of instances.
        package var devices: [String]
        /// How long an instance may take until it answers.
        package var loadTimeout: Duration
        /// Whether instances are copies of a template: a process that has loaded what they share.
        package var usesTemplate: Bool

        package init(
            name: String,
            command: [String],
            environment: [String: String],
            devices: [String],
            loadTimeout: Duration = .seconds(60),
            usesTemplate: Bool = false
        ) {
            self.name = name
            self.command = command
            self.environment = environment
            self.devices = devices
            self.loadTimeout = loadTimeout
            self.usesTemplate = usesTemplate
        }

        /// The command with its placeholders filled in.
        func command(uri: String, device: String, instance: String) -> [String] {
            let values = ["{uri}": uri, "{device}": device, "{instance}": instance]
            return command.map { argument in
                values.reduce(argument) { text, value in
                    text.split(separator: value.key, omittingEmptySubsequences: false).joined(separator: value.value)
                }
            }
        }
    }
}
