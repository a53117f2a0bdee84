/// What a pool is made of, and its limits.
package struct PoolConfiguration: Sendable {
    /// The engines; everything else in the core names them by their index here.
    package var engines: [Engine]

    /// Jobs that may wait. One more is refused with `queueFull`.
    package var maxJobs = 1000
    /// Jobs of one tenant that may wait. One more is refused with `tenantLimit`.
    package var maxJobsPerTenant = 1000
    /// What the texts of waiting jobs may take of our memory, in bytes. One more is refused with `queueFull`.
    package var maxQueuedBytes = 64 << 20
    /// How long a job may wait before it is started. Who would wait longer is refused at once; who did is failed.
    package var maxWait = Duration.seconds(60)
    /// The same for bulk jobs.
    package var maxBulkWait = Duration.seconds(600)
    /// What shares of an engine's time the classes have when all of them want more than there is. Only their ratio
    /// counts.
    package var classWeights: [JobClass: Double] = [.interactive: 16, .standard: 4, .bulk: 1]
    /// What shares of a class's time the tenants have when all of them want more than there is; 1 for others.
    package var tenantWeights: [String: Double] = [:]
    /// When more work than the slots do within this has waited again and again for `standingInterval`, bulk is turned
    /// away, and after twice that, standard.
    package var standingTarget = Duration.seconds(5)
    /// See `standingTarget`.
    package var standingInterval = Duration.seconds(10)
    /// Which waiting job is the next.
    package var order = Order.deadline
    /// How long the work that is left at a drain may take.
    package var drainTimeout = Duration.seconds(30)
    /// How long a worker may take to obey a cancel before its connection is cut.
    package var cancelGrace = Duration.seconds(2)
    /// How long a process may take to end after SIGTERM before it gets SIGKILL.
    package var terminateGrace = Duration.seconds(3)
    /// The wait before a restart: doubles with each death in a row.
    package var backoff = Backoff()

    /// A job that has not moved for this long, or for `stallFactor` times what it is predicted to take if that is more,
    /// hangs. What is idle and does not answer for this long hangs, too.
    package var stallFloor = Duration.seconds(5)
    /// See `stallFloor`.
    package var stallFactor = 3.0
    /// How often the pool is told that time has passed.
    package var watchInterval = Duration.milliseconds(500)
    /// How long an instance may have nothing to do before it is asked whether it lives.
    package var canaryInterval = Duration.seconds(30)
    /// How long a process that hangs may take to tell where before it gets SIGKILL.
    package var abortGrace = Duration.seconds(1)
    /// How often a job may be run again.
    package var maxReruns = 3
    /// Deaths of an instance in a row, or within `restartWindow`, after which it is given up for a while. Of a device's
    /// or an engine's instances together it is this and twice their number.
    package var restartLimit = 5
    /// See `restartLimit`.
    package var restartWindow = Duration.seconds(60)
    /// For how long an instance is given up, ±20 %.
    package var parkTime = Duration.seconds(300)
    /// Deaths in a row of an engine that has never served after which it is taken to be unable to.
    package var startLimit = 3

    package init(engines: [Engine]) {
        self.engines = engines
    }

    /// How full the devices are at the start, by their names. One that is not here has no ledger.
    package var memory: [String: DeviceMemory] = [:]
    /// What the devices are, by their names. What was measured on one holds for others of the same model.
    package var models: [String: String] = [:]
    /// What is kept free of each device, in bytes; `nil` is 5 % of it, not less than 512 MiB and not more than a
    /// quarter.
    package var reserveBytes: Int?
    /// How long speaking samples may take. What has not been measured by then is extrapolated.
    package var measureTimeout = Duration.seconds(30)
    /// How long a job may be passed over for want of memory until nothing else is started where it could run.
    package var memoryPatience = Duration.seconds(2)
    /// The share of time in which something waits for host memory, above which bulk work is shed.
    package var pressureLimit = 0.1

    /// How long a job of a class may wait before it is started.
    package func maxWait(_ jobClass: JobClass) -> Duration { jobClass == .bulk ? maxBulkWait : maxWait }

    /// One engine: how many instances, where.
    package struct Engine: Sendable {
        /// Its name, for people.
        package var name: String
        /// Where its instances may be; no device twice.
        package var placements: [Placement]
        /// How many there are at least, as far as memory allows, and at most.
        package var instances: ClosedRange<Int>
        /// Jobs that run at once on one device at most; `nil` is where more of them stop helping.
        package var maxRunning: Int?
        /// How long a process may take until it answers.
        package var loadTimeout: Duration
        /// Instances of the configured number that stand by for others that fail, and do not work beside them.
        package var spares = 0
        /// Jobs after which a process is replaced, up to 10 % fewer so that not all are at once; `nil` is never.
        package var maxJobs: Int?
        /// Age at which a process is replaced, up to 10 % less so that not all are at once; `nil` is never.
        package var maxAge: Duration?
        /// The size of the largest text that it is given, in the unit of `JobRequest.units`.
        package var largestUnits = 300
        /// What was measured of it before, by the devices' names.
        package var figures: [String: EngineFigures] = [:]

        package init(
            name: String,
            placements: [Placement],
            instances: ClosedRange<Int>,
            maxRunning: Int? = nil,
            loadTimeout: Duration = .seconds(60)
        ) {
            self.name = name
            self.placements = placements
            self.instances = instances
            self.maxRunning = maxRunning
            self.loadTimeout = loadTimeout
        }

        /// So many instances as there are devices here; one device may be here more than once.
        package init(name: String, devices: [String], loadTimeout: Duration = .seconds(60)) {
            var placements: [Placement] = []
            for device in devices {
                if let index = placements.firstIndex(where: { $0.device == device }) {
                    placements[index].maximum += 1
                } else {
                    placements.append(Placement(device: device, maximum: 1))
                }
            }
            let count = devices.count
            self.init(name: name, placements: placements, instances: count...count, loadTimeout: loadTimeout)
        }

        /// Whether its number is ours to find.
        package var isElastic: Bool { instances.lowerBound < instances.upperBound }
    }

    /// A device that instances of an engine may be on.
    package struct Placement: Hashable, Sendable {
        /// Such as `cpu` or `cuda:0`.
        package var device: String
        /// How many of them at most.
        package var maximum: Int

        package init(device: String, maximum: Int) {
            self.device = device
            self.maximum = maximum
        }
    }

    /// Which waiting job is the next.
    package enum Order: String, Hashable, Sendable, CaseIterable {
        /// By class, tenant and deadline.
        case deadline
        /// First come, first served: what the other order is measured against.
        case arrival
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
