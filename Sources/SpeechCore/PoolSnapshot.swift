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
        /// Instances that have a process on it.
        package var instances: Int
        /// What it is, as its driver calls it.
        package var model: String?
        /// How busy it is, 0 to 1, as far as its driver tells.
        package var utilization: Double?
        /// Its memory, if anybody knows how much there is.
        package var memory: Memory?
        /// The engines that have instances on it.
        package var engines: [EngineOnDevice]

        package init(
            name: String,
            instances: Int,
            model: String? = nil,
            utilization: Double? = nil,
            memory: Memory? = nil,
            engines: [EngineOnDevice] = []
        ) {
            self.name = name
            self.instances = instances
            self.model = model
            self.utilization = utilization
            self.memory = memory
            self.engines = engines
        }
    }

    /// A device's memory in bytes: capacity − foreign − charged − reserve = room.
    package struct Memory: Sendable, Codable, Equatable {
        /// All that it has.
        package var capacityBytes: Int
        /// What others use.
        package var foreignBytes: Int
        /// What instances hold, or are predicted to need for what they do.
        package var chargedBytes: Int
        /// What is kept free.
        package var reserveBytes: Int
        /// What may still be given out; negative when others have taken more than was left.
        package var roomBytes: Int

        package init(capacityBytes: Int, foreignBytes: Int, chargedBytes: Int, reserveBytes: Int, roomBytes: Int) {
            self.capacityBytes = capacityBytes
            self.foreignBytes = foreignBytes
            self.chargedBytes = chargedBytes
            self.reserveBytes = reserveBytes
            self.roomBytes = roomBytes
        }

        enum CodingKeys: String, CodingKey {
            case capacityBytes = "capacity_bytes"
            case foreignBytes = "foreign_bytes"
            case chargedBytes = "charged_bytes"
            case reserveBytes = "reserve_bytes"
            case roomBytes = "room_bytes"
        }
    }

    /// What an engine does on one device, and what was measured of it there.
    package struct EngineOnDevice: Sendable, Codable, Equatable {
        /// The engine's name.
        package var name: String
        /// Jobs that run.
        package var running: Int
        /// Jobs that may run at once; further instances are hot spares.
        package var maxRunning: Int
        /// What is done a second by how many run, as far as it is known.
        package var curve: [Point]
        /// Memory of an instance that is alone and has nothing to do.
        package var floorBytes: Int?
        /// Memory that one more instance adds.
        package var addedBytes: Int?
        /// Memory above the floor that the largest text is predicted to need.
        package var largestPeakBytes: Int?

        /// What is done while so many run.
        package struct Point: Sendable, Codable, Equatable {
            /// How many run.
            package var running: Int
            /// Units of text a second, all together.
            package var unitsPerSecond: Double

            package init(running: Int, unitsPerSecond: Double) {
                self.running = running
                self.unitsPerSecond = unitsPerSecond
            }

            enum CodingKeys: String, CodingKey {
                case running
                case unitsPerSecond = "units_per_second"
            }
        }

        package init(
            name: String,
            running: Int,
            maxRunning: Int,
            curve: [Point] = [],
            floorBytes: Int? = nil,
            addedBytes: Int? = nil,
            largestPeakBytes: Int? = nil
        ) {
            self.name = name
            self.running = running
            self.maxRunning = maxRunning
            self.curve = curve
            self.floorBytes = floorBytes
            self.addedBytes = addedBytes
            self.largestPeakBytes = largestPeakBytes
        }

        enum CodingKeys: String, CodingKey {
            case name, running, curve
            case maxRunning = "max_running"
            case floorBytes = "floor_bytes"
            case addedBytes = "added_bytes"
            case largestPeakBytes = "largest_peak_bytes"
        }
    }

    /// A configured engine.
    package struct Engine: Sendable, Codable, Equatable {
        /// As configured.
        package var name: String
        /// Instances that there should be: the least number, or as many more as there was room for.
        package var instances: Int
        /// Instances that serve.
        package var ready: Int
        /// Slots of those that serve.
        package var slots: Int
        /// Jobs that wait for it.
        package var queued: Int
        /// Instances that were given up for now because they end again and again.
        package var parked: Int

        package init(name: String, instances: Int, ready: Int, slots: Int, queued: Int, parked: Int = 0) {
            self.name = name
            self.instances = instances
            self.ready = ready
            self.slots = slots
            self.queued = queued
            self.parked = parked
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
        /// `vacant`, `drained`, `backoff`, `parked`, `starting`, `loading`, `measuring`, `ready`, `busy`, `draining`,
        /// `stopping`, `stopped`.
        package var state: String
        /// Its process, while there is one.
        package var pid: Int32?
        /// Jobs that it can do at once: 0 without a process, 1 until it answers, then as many as it declares.
        package var slots: Int
        /// Processes that came after the first one.
        package var restarts: Int
        /// Jobs that ended well, over all its processes.
        package var jobsDone: Int
        /// Segments of which it made audio that another instance made better, over all its processes.
        package var badSegments: Int
        /// The utterances it works on, as `X-Request-Id` names them.
        package var currentJobs: [String]
        /// Resident memory of its process in bytes.
        package var residentBytes: Int?
        /// Memory of its device that it held when it was last read, in bytes.
        package var heldBytes: Int?
        /// The same when it has nothing to do.
        package var floorBytes: Int?

        package init(
            id: String,
            engine: String,
            device: String,
            state: String,
            pid: Int32? = nil,
            slots: Int,
            restarts: Int,
            jobsDone: Int,
            badSegments: Int = 0,
            currentJobs: [String],
            residentBytes: Int? = nil,
            heldBytes: Int? = nil,
            floorBytes: Int? = nil
        ) {
            self.id = id
            self.engine = engine
            self.device = device
            self.state = state
            self.pid = pid
            self.slots = slots
            self.restarts = restarts
            self.jobsDone = jobsDone
            self.badSegments = badSegments
            self.currentJobs = currentJobs
            self.residentBytes = residentBytes
            self.heldBytes = heldBytes
            self.floorBytes = floorBytes
        }

        enum CodingKeys: String, CodingKey {
            case id, engine, device, state, pid, slots, restarts
            case jobsDone = "jobs_done"
            case badSegments = "bad_segments"
            case currentJobs = "current_jobs"
            case residentBytes = "resident_bytes"
            case heldBytes = "held_bytes"
            case floorBytes = "floor_bytes"
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
    /// Everything.
    func snapshot() async -> PoolSnapshot

    /// The engines as they were when something about them last changed, which costs nothing to ask.
    var engines: [EngineStatus] { get }
}
