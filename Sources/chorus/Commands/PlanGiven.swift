import FoundationEssentials
import PoolCore

/// What the flags of `chorus plan` say in place of what was measured, configured or seen.
struct PlanGiven: Sendable, Equatable {
    /// Whether the number of cores is given.
    var hasCores = false
    /// What an instance holds that has nothing to do, in bytes.
    var instanceBytes: Int?
    /// What one more adds, in bytes.
    var addedBytes: Int?
    /// What the largest text needs above that, in bytes.
    var peakBytes: Int?
    /// Seconds that one instance takes for a second of audio.
    var rtf: Double?
    /// The audio of a typical utterance, in seconds.
    var audioSeconds: Double?
    /// Jobs that run at once on one device.
    var maxRunning: Int?
    /// What is kept free on each device, in bytes.
    var reserveBytes: Int?

    /// Whether anything of it is about one engine only.
    var isOfOneEngine: Bool {
        instanceBytes != nil || addedBytes != nil || peakBytes != nil || rtf != nil || audioSeconds != nil
    }
}

/// What was measured of an engine on a model of device.
struct PlanMeasurement: Sendable, Equatable {
    /// What was measured.
    var figures: EngineFigures
    /// When it was written down.
    var at: Date?
}
