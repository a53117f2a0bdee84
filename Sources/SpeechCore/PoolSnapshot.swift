/// The pool at one moment, as `GET /v1/pool` shows it.
package struct PoolSnapshot: Sendable, Codable, Equatable {
    /// The devices that instances are placed on, by name.
    package var devices: [Device]
    /// The engines, in the order of the configuration.
    package var engines: [Engine]
    /// All instances, engine by engine.
    package var instances: [Instance]
    /// What waits.
    package var queue: Queue

    package init(devices: [Device], engines: [Engine], instances: [Instance], queue: Queue) {
        self.devices = devices
        self.engines = engines
        self.instances = instances
        self.queue = queue
    }

    /// Where instances live.
    package struct Device: Sendable, Codable, Equatable {
        /// Such as `cpu` or `cuda:0`.
        package var name: String
        /// Instances placed on it.
        package var instances: Int

        package init(name: String, instances: Int) {
            self.name = name
            self.instances = instances
        }
    }

    /// A configured engine.
    package struct Engine: Sendable, Codable, Equatable {
        /// As configured.
        package var name: String
        /// Instances that are wanted.
        package var instances: Int
        /// Instances that serve.
        package var ready: Int
        /// Slots of those that serve.
        package var slots: Int
        /// Jobs that wait for it.
        package var queued: Int

        package init(name: String, instances: Int, ready: Int, slots: Int, queued: Int) {
            self.name = name
            self.instances = instances
            self.ready = ready
            self.slots = slots
            self.queued = queued
        }
    }

    /// One instance.
    package struct Instance: Sendable, Codable, Equatable {
        /// Such as `espeak-0`; stays the same over restarts.
        package var id: String
        /// The engine's name.
        package var engine: String
        /// The device's name.
        package var device: String
        /// `backoff`, `starting`, `loading`, `ready`, `busy`, `stopping`, `stopped`.
        package var state: String
        /// Its process, while there is one.
        package var pid: Int32?
        /// Jobs that it can do at once: 0 without a process, 1 until it answers, then as many as it declares.
        package var slots: Int
        /// Processes that came after the first one.
        package var restarts: Int
        /// Jobs that ended well, over all its processes.
        package var jobsDone: Int
        /// The utterances it works on, as `X-Request-Id` names them.
        package var currentJobs: [String]
        /// Resident memory of its process in bytes.
        package var residentBytes: Int?

        package init(
            id: String,
            engine: String,
            device: String,
            state: String,
            pid: Int32? = nil,
            slots: Int,
            restarts: Int,
            jobsDone: Int,
            currentJobs: [String],
            residentBytes: Int? = nil
        ) {
            self.id = id
            self.engine = engine
            self.device = device
            self.state = state
            self.pid = pid
            self.slots = slots
            self.restarts = restarts
            self.jobsDone = jobsDone
            self.currentJobs = currentJobs
            self.residentBytes = residentBytes
        }

        enum CodingKeys: String, CodingKey {
            case id, engine, device, state, pid, slots, restarts
            case jobsDone = "jobs_done"
            case currentJobs = "current_jobs"
            case residentBytes = "resident_bytes"
        }
    }

    /// The central queue.
    package struct Queue: Sendable, Codable, Equatable {
        /// Jobs that wait, over all engines.
        package var jobs: Int
        /// Jobs that may wait.
        package var maxJobs: Int
        /// How long a job that comes now would wait, in seconds; `null` until one job has been timed.
        package var predictedWait: Double?

        package init(jobs: Int, maxJobs: Int, predictedWait: Double?) {
            self.jobs = jobs
            self.maxJobs = maxJobs
            self.predictedWait = predictedWait
        }

        enum CodingKeys: String, CodingKey {
            case jobs
            case maxJobs = "max_jobs"
            case predictedWait = "predicted_wait"
        }
    }
}

/// Shows the pool.
package protocol PoolInspector: Sendable {
    func snapshot() async -> PoolSnapshot
}
