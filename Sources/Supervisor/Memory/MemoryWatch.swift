import Devices
import NIOCore
import NIOPosix
import PoolCore

/// Who looks at the memory of the devices and the workers, and what was seen.
struct MemoryWatch {
    let monitor: DeviceMonitor
    let footprints: HostFootprints
    /// What the host may be taken to have, in bytes.
    private let hostLimitBytes: Int?
    /// Where what was measured is kept.
    private(set) var store: FiguresStore?
    /// Looking takes milliseconds, in which the loop has better things to do.
    let thread = NIOThreadPool(numberOfThreads: 1)

    /// The devices, as they were seen last.
    private(set) var readings: [DeviceReading]
    /// Whether somebody looks just now.
    var isReading = false
    /// What is to be done when what is seen now is known.
    var waiting: [@Sendable (isolated Supervisor) -> Void] = []
    /// Whether the next look is to be at once.
    var isWantedAgain = false
    /// What is to be done when what is seen next is known.
    var waitingForNext: [@Sendable (isolated Supervisor) -> Void] = []
    var next: Scheduled<Void>?
    var savedAt = NIODeadline.now()
    var hasFailedToSave = false

    /// The shortest time between two writings of what was measured.
    static let saveInterval = TimeAmount.seconds(30)
    /// How long an end waits for a look, which a broken driver may never finish.
    static let stopTimeout = TimeAmount.seconds(3)

    init(monitor: DeviceMonitor, configuration: SupervisorConfiguration) {
        self.monitor = monitor
        footprints = HostFootprints(monitor: monitor)
        hostLimitBytes = configuration.hostLimitBytes
        store = configuration.figuresFile.map { FiguresStore(path: $0) }
        readings = monitor.read()
        thread.start()
    }

    /// Tells the pool's configuration what is known before it begins.
    func prepare(_ plan: inout PoolConfiguration, engines: [SupervisorConfiguration.Engine]) {
        plan.memory = memory(heldOnHost: 0)
        for reading in readings { plan.models[reading.device] = reading.model }
        guard let store else { return }
        for index in engines.indices {
            for reading in readings {
                guard let figures = store.figures(of: engines[index], on: reading.model),
                    let total = plan.memory[reading.device]?.totalBytes, let floor = figures.floorBytes
                else { continue }
                // What no instance could have been measured by is measured anew.
                let most = total - (plan.reserveBytes ?? Pool.defaultReserveBytes(of: total))
                guard floor >= 0, floor <= most, figures.addedBytes ?? 0 >= 0 else { continue }
                plan.engines[index].figures[reading.device] = figures
            }
        }
    }

    /// Takes down what was measured; the file does not know it by that.
    mutating func note(_ measured: [FiguresStore.Measured]) { store?.note(measured) }

    mutating func saw(_ readings: [DeviceReading]) { self.readings = readings }

    /// How full the devices are.
    /// - Parameter heldOnHost: what the workers hold there. Where a limit is given, only this counts against it.
    func memory(heldOnHost: Int) -> [String: DeviceMemory] {
        var memory: [String: DeviceMemory] = [:]
        for var reading in readings {
            if let hostLimitBytes, reading.device == Self.host {
                reading = reading.limited(to: hostLimitBytes, heldBytes: heldOnHost)
            }
            memory[reading.device] = DeviceMemory(totalBytes: reading.totalBytes, usedBytes: reading.usedBytes)
        }
        return memory
    }

    /// The name of the device that is the host's own memory.
    static let host = "cpu"

    func reading(of device: String) -> DeviceReading? { readings.first { $0.device == device } }
}

/// What is known of a worker's memory.
struct WorkerMemory {
    /// The most units of the texts that it has spoken since its peak was read.
    var units = 0
    var isBeingRead = false
    var peakReadAt = NIODeadline.uptimeNanoseconds(0)
    /// Host memory that was resident at the last look, in bytes.
    var seenResidentBytes: Int?
    /// Host memory that was resident when its peak began anew, in bytes.
    var residentBytes: Int?
    /// What it said last of its device's memory.
    var report: CUDAReport?
    /// What PyTorch had reserved when it had loaded, in bytes.
    var reservedAtLoad: Int?
    /// By how much the use of its device grew while it loaded, in bytes.
    var loadedBytes: Int?

    /// The shortest time between two readings of a peak.
    static let peakInterval = TimeAmount.milliseconds(100)

    /// What it holds of a GPU's memory: what the driver says, else what it took when it loaded and has reserved since.
    /// - Returns: `nil` if neither is known.
    func held(driverBytes: Int?) -> HeldMemory? {
        let reserved = report?.reserved ?? 0
        let told = loadedBytes.map { max(reserved, $0 + reserved - (reservedAtLoad ?? reserved)) }
        guard let held = driverBytes ?? told else { return nil }
        let cache = report.map { max(0, $0.reserved - $0.allocated) } ?? 0
        return HeldMemory(heldBytes: held, ownBytes: held, cacheBytes: min(held, cache))
    }
}

/// What PyTorch says of a GPU's memory in `chorus.memory`, in bytes.
struct CUDAReport {
    /// What tensors have.
    var allocated: Int
    /// What its allocator has taken from the driver.
    var reserved: Int
    /// The most that was taken since the report before.
    var peak: Int
}
