import Devices

/// What `chorus doctor` looks at.
struct MachineFacts: Sendable, Equatable {
    /// What came of a look at the built-in engine's worker.
    enum Worker: Sendable, Equatable {
        /// It is neither beside `chorus` nor on `PATH`.
        case notFound
        /// It runs.
        case answers(path: String)
        /// It is there and does not run; the last line it wrote says why.
        case fails(path: String, reason: String)
    }

    /// What came of an engine's own doctor.
    enum Doctor: Sendable, Equatable {
        /// What it found; the checks are named after the engine.
        case found([Finding])
        /// It did not answer; the last line it wrote says why.
        case failed(reason: String)
    }

    /// What came of listening for a moment.
    enum Listening: Sendable, Equatable {
        case free
        /// The error number of the attempt.
        case refused(Int32)
        /// The host has no address.
        case unknownHost
    }

    /// What is in effect, or the defaults if that is broken.
    var configuration = LoadedConfiguration.defaults
    /// What is wrong with it.
    var problems: [ConfigurationProblem] = []
    /// The built-in engine's worker; `nil` if no engine needs it.
    var worker: Worker?
    /// The directory of espeak-ng's voices.
    var voices: String?
    /// What the engines' own doctors found, by the engine's name.
    var doctors: [String: Doctor] = [:]
    /// Where the programs of command engines are, by the program's name.
    var programs: [String: String] = [:]
    /// Whether the server could listen.
    var listening = Listening.free
    /// Where sockets may be made; `nil` if nowhere.
    var socketDirectory: String?
    /// Files that the process may have open at the most.
    var openFiles = 0
    /// The devices, the host first.
    var devices: [DeviceReading] = []
    /// What their drivers have to say besides.
    var deviceNotes: [String] = []
}
