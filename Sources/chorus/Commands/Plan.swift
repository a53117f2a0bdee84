import FoundationEssentials

/// What `chorus plan` tells. Its JSON has the same names, in snake case; sizes are in bytes.
struct Plan: Sendable, Equatable, Encodable {
    /// The devices, with what becomes of their memory when all that may run does.
    var devices: [Device]
    /// The engines.
    var engines: [Engine]
    /// What has to be known to read it rightly, in sentences.
    var notes: [String]

    /// Where a figure comes from.
    enum Source: String, Sendable, Encodable {
        /// It was measured, by a server that ran.
        case measured
        /// A flag gave it.
        case given
        /// The configuration has it.
        case configured
        /// It is what this machine has.
        case machine
        /// Nobody knows; this is a guess.
        case assumed
    }

    /// A device and its memory.
    struct Device: Sendable, Equatable, Encodable {
        var name: String
        var source: Source
        /// What it is sold as, if it was seen.
        var model: String?
        var totalBytes: Int
        /// Used by others.
        var foreignBytes: Int
        /// Kept free for what nobody predicted.
        var reserveBytes: Int
        /// Left over.
        var freeBytes: Int
        /// What each engine has of it.
        var shares: [Share]
    }

    /// What an engine has of a device.
    struct Share: Sendable, Equatable, Encodable {
        var engine: String
        var instances: Int
        /// How many of them run at once.
        var running: Int
        /// Contexts and weights of all instances, without what they share.
        var instanceBytes: Int
        /// What they share; it is there once.
        var sharedBytes: Int
        /// What the texts that are spoken need.
        var activationBytes: Int
        /// What those that run make.
        var audioSecondsPerSecond: Double
    }

    /// An engine and what it can do.
    struct Engine: Sendable, Equatable, Encodable {
        var name: String
        var instances: Int
        var running: Int
        /// What they make when all that may run does.
        var audioSecondsPerSecond: Double
        /// Where that comes from: `measured`, or `assumed` when it rests on instances that do not slow each other down.
        var audioSource: Source
        /// Listeners that can be served at 1×.
        var listeners: Int
        var utterancesPerMinute: Double
        /// The one thing that keeps it from more.
        var limit: Limit
        /// What the plan rests on, for each kind of device.
        var figures: [Figures]
        /// How long callers wait; none if nothing runs.
        var waits: [Wait]
    }

    /// What keeps an engine from speaking more at once.
    struct Limit: Sendable, Equatable, Encodable {
        enum Kind: String, Sendable, Encodable {
            case memory, cores, knee
            case maxRunning = "max_running"
            case instances
        }

        var kind: Kind
        /// A sentence with a number.
        var text: String
    }

    /// What the plan of an engine rests on, on devices that are alike.
    struct Figures: Sendable, Equatable, Encodable {
        var devices: [String]
        var items: [Figure]
    }

    /// A figure and where it comes from.
    struct Figure: Sendable, Equatable, Encodable {
        /// Which one.
        enum Name: String, Sendable, Encodable {
            /// What an instance holds that has nothing to do.
            case instanceBytes = "instance_bytes"
            /// What one more adds.
            case addedBytes = "added_bytes"
            /// What the largest text needs above that.
            case peakBytes = "peak_bytes"
            /// How many run at once on each device.
            case maxRunning = "max_running"
            /// Seconds that one instance takes for a second of audio.
            case rtf
            /// What is made by how many run.
            case curve
            /// The audio of a typical utterance.
            case audioSeconds = "audio_seconds"
            /// Instances on the CPU.
            case cores
        }

        var name: Name
        /// `nil` for the curve, and for a bound that there is not.
        var value: Double?
        /// In the order of how many run.
        var curve: [CurvePoint]?
        var source: Source
        /// On which model of device it was measured.
        var deviceModel: String?
        /// When that was written down, as in ISO 8601.
        var measuredAt: String?
        /// What is assumed, in a few words.
        var note: String?
    }

    /// What a device makes while so many run.
    struct CurvePoint: Sendable, Equatable, Encodable {
        var running: Int
        var audioSecondsPerSecond: Double
    }

    /// How long callers wait at some load.
    struct Wait: Sendable, Equatable, Encodable {
        /// The share of all that could be spoken that comes.
        var load: Double
        var utterancesPerMinute: Double
        var meanSeconds: Double
        /// 95 of 100 wait less.
        var p95Seconds: Double
        /// The share that is refused because it would wait too long.
        var refused: Double
    }

    /// The plan as JSON.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }
    }
}
