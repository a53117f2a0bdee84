/// What a pool is made of, and its limits.
package struct PoolConfiguration: Sendable {
    /// The engines; everything else in the core names them by their index here.
    package var engines: [Engine]

    /// Jobs that may wait. One more is refused with `queueFull`.
    package var maxJobs = 1000
    /// Jobs of one tenant that may wait. One more is refused with `tenantLimit`.
    package var maxJobsPerTenant = 1000
    /// How long a job may wait before it is started. Who would wait longer is refused at once; who did is failed.
    package var maxWait = Duration.seconds(60)
    /// How long the work that is left at a drain may take.
    package var drainTimeout = Duration.seconds(30)
    /// How long a worker may take to obey a cancel before its connection is cut.
    package var cancelGrace = Duration.seconds(2)
    /// How long a process may take to end after SIGTERM before it gets SIGKILL.
    package var terminateGrace = Duration.seconds(3)
    /// The wait before a restart: doubles with each death in a row.
    package var backoff = Backoff()

    package init(engines: [Engine]) {
        self.engines = engines
    }

    /// One engine: how many instances, where.
    package struct Engine: Sendable {
        /// Its name, for people.
        package var name: String
        /// The device of each instance; its count is the number of instances.
        package var devices: [String]
        /// How long a process may take until it answers.
        package var loadTimeout: Duration

        package init(name: String, devices: [String], loadTimeout: Duration = .seconds(60)) {
            self.name = name
            self.devices = devices
            self.loadTimeout = loadTimeout
        }
    }

    /// Exponential back-off with jitter.
    package struct Backoff: Sendable {
        /// The wait after the first death.
        package var first = Duration.milliseconds(100)
        /// The longest wait.
        package var longest = Duration.seconds(30)
        /// A process that served at least this long starts the count anew when it dies.
        package var forgetAfter = Duration.seconds(60)

        package init() {}

        /// The wait before a restart: between half and the whole of `first · 2^(deaths - 1)`, at most `longest`.
        func wait(deaths: Int, using random: inout SplitMix64) -> Duration {
            let doubled = first * (1 << min(max(deaths - 1, 0), 20))
            return min(doubled, longest) * Double.random(in: 0.5...1, using: &random)
        }
    }
}
