import Glibc
import NIOCore
import PoolCore

/// The daemon of an MPS group, as the shell sees it.
enum MPSDaemon {
    /// It starts, and these wait for it. → ready, unusable
    case starting(waiting: [ProcessID], pid: pid_t?)
    /// Workers can join. → ending
    case ready(pid_t)
    /// What has broken one has broken all: the group's workers are being ended, and it with them. When all have gone
    /// another one is started for these. → (none), starting
    case ending(waiting: [ProcessID], pid: pid_t?)
    /// It could not be started. For a while instances are started without one.
    case unusable(until: NIODeadline)

    /// What NVIDIA calls it.
    static let program = "nvidia-cuda-mps-control"
    /// How long it may take until clients can reach it.
    static let startTimeout = TimeAmount.seconds(10)
    /// The time between two looks whether they can.
    static let lookInterval = TimeAmount.milliseconds(10)
    /// How long it may take to end its server and itself.
    static let endTimeout = TimeAmount.seconds(3)
    /// How long it is done without one that could not be started.
    static let pause = TimeAmount.minutes(10)

    /// Its process, while there is one.
    var pid: pid_t? {
        switch self {
        case .starting(_, let pid), .ending(_, let pid): pid
        case .ready(let pid): pid
        case .unusable: nil
        }
    }

    /// Where the program is.
    /// - Parameter path: directories with colons between, as in `PATH`.
    static func find(on path: String?) -> String? {
        (path ?? "").split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }
}
