/// How full a device is.
package struct DeviceMemory: Hashable, Sendable {
    /// All that it has, in bytes.
    package var totalBytes: Int
    /// What is used of it, by anybody, in bytes.
    package var usedBytes: Int

    package init(totalBytes: Int, usedBytes: Int) {
        self.totalBytes = totalBytes
        self.usedBytes = usedBytes
    }
}

/// Where instances' memory lives.
package struct Device: Sendable {
    /// Such as `cpu` or `cuda:0`, as the configuration has it.
    package let name: String
    /// What it is, as its driver calls it; `nil` if nobody knows.
    package let model: String?
    /// How full it was when it was last read; `nil` if nobody knows, and then nothing is kept within it.
    package internal(set) var memory: DeviceMemory?
    /// What others than our instances used of it then, in bytes.
    package internal(set) var foreignBytes: Int
    /// What processes held that have ended since then, in bytes: it may not have been released yet.
    package internal(set) var unreleasedBytes = 0
    /// When the last of them ended.
    var lastRelease = Instant.start
    /// How many jobs run there, of all engines.
    var crowd = CrowdClock()

    init(name: String, model: String?, memory: DeviceMemory?) {
        self.name = name
        self.model = model
        self.memory = memory
        foreignBytes = memory?.usedBytes ?? 0
    }
}

/// What the process of an instance holds of its device's memory, as it is read from time to time.
package struct Footprint: Sendable {
    /// Its fair share of what it uses, in bytes, when it was last read.
    package private(set) var heldBytes = 0
    /// What of it another process of the same kind would add, in bytes.
    package private(set) var ownBytes = 0
    /// When it was read last; `nil` if it never was.
    private(set) var readAt: Instant?
    /// What it keeps for its next job only, in bytes.
    package private(set) var cacheBytes = 0
    /// What it kept when it was asked for that, in bytes; 0 when it has given some of it up.
    var askedBytes = 0
    /// The floor that it had when it was warm, in bytes; `nil` until then.
    package private(set) var warmFloorBytes: Int?
    /// What it held when it was read the last time while no job ran, in bytes; perhaps it had just ended.
    private(set) var quietBytes = 0
    /// What its floor is at least, whatever its jobs need, in bytes.
    private var leastFloorBytes = 0
    private var recent: [Int] = []
    private var next = 0

    /// Readings that the floor is the lowest of.
    private static let window = 8
    /// How much a floor may grow before the process is replaced: a fifth, and not less than this.
    private static let creepBytes = 256 << 20

    /// What was read last.
    var memory: HeldMemory { HeldMemory(heldBytes: heldBytes, ownBytes: ownBytes, cacheBytes: cacheBytes) }

    /// What it holds when it has nothing to do; `nil` until it has been read.
    package var floorBytes: Int? { recent.min() }

    /// What it holds at least, whatever it does.
    var leastBytes: Int { min(heldBytes, floorBytes ?? 0) }

    /// What it holds that others share, in bytes.
    var sharedBytes: Int { heldBytes - ownBytes }

    /// Whether its floor has grown so much that it must be losing memory.
    var creeps: Bool {
        guard let warmFloorBytes else { return false }
        return leastFloorBytes > warmFloorBytes + max(warmFloorBytes / 5, Self.creepBytes)
    }

    /// One that shared with it has gone, and so many are left: its share of what they share grows.
    mutating func share(withFewer count: Int) {
        let growth = sharedBytes / count
        heldBytes += growth
        quietBytes += growth
        leastFloorBytes += growth
        recent = recent.map { $0 + growth }
        warmFloorBytes = warmFloorBytes.map { $0 + growth }
    }

    /// - Parameters:
    ///   - taken: when it was read.
    ///   - isServing: it has loaded, so it does not hold less than its floor.
    ///   - isIdle: it has nothing to do, so what it holds is its floor.
    ///   - peakBytes: what its jobs need above that at most; `nil` if they have changed since it was read.
    ///   - isWarm: it has worked for a while.
    ///   - isQuiet: it runs nothing now.
    mutating func read(
        _ memory: HeldMemory,
        taken: Instant,
        isServing: Bool,
        isIdle: Bool,
        peakBytes: Int?,
        isWarm: Bool,
        isQuiet: Bool
    ) {
        (heldBytes, ownBytes, cacheBytes) = (memory.heldBytes, memory.ownBytes, memory.cacheBytes)
        readAt = taken
        if cacheBytes < askedBytes { askedBytes = 0 }
        guard isServing else { return }
        if isQuiet { quietBytes = heldBytes }
        if isIdle { (recent, next) = ([], 0) }
        let floor = max(0, heldBytes - memory.cacheBytes)
        leastFloorBytes = peakBytes.map { floor - $0 } ?? min(leastFloorBytes, floor)
        if recent.count < Self.window { recent.append(floor) } else { recent[next] = floor }
        next = (next + 1) % Self.window
        if warmFloorBytes == nil, isWarm, isIdle || recent.count == Self.window { warmFloorBytes = floorBytes }
    }
}

/// What a process holds of its device's memory.
package struct HeldMemory: Hashable, Sendable {
    /// Its fair share of what it uses, in bytes; the sum over all processes is what they use together.
    package var heldBytes: Int
    /// What another process of the same kind would add, in bytes.
    package var ownBytes: Int
    /// What of it the process keeps for its next job only, in bytes.
    package var cacheBytes: Int

    package init(heldBytes: Int, ownBytes: Int, cacheBytes: Int = 0) {
        self.heldBytes = heldBytes
        self.ownBytes = ownBytes
        self.cacheBytes = cacheBytes
    }
}

/// The memory of devices and processes at one moment.
package struct MemoryReading: Sendable {
    /// When the reading began.
    package var taken: Instant
    /// By the devices' names. One that cannot be read just now is left out and stays as it was.
    package var devices: [String: DeviceMemory] = [:]
    /// What processes hold. One that cannot be read is left out.
    package var processes: [ProcessID: HeldMemory] = [:]
    /// The share of time for which something waited for host memory lately, 0 to 1.
    package var pressure = 0.0

    package init(taken: Instant) {
        self.taken = taken
    }
}
