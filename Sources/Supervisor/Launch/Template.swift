import Glibc
import NIOCore
import PoolCore

/// Which template: one for each engine and kind of device; for a GPU that is shared by MPS one of its own.
struct TemplateID: Hashable {
    var engine: Int
    /// Which definition of it.
    var revision: Int
    /// What it is told: such as `cuda`, for all of `cuda:0`, `cuda:1`.
    var deviceKind: String
    /// Its copies' group, if they share a GPU by MPS. They have their environment from it.
    var mps: MPSGroup?

    /// The template for instances on a device.
    init(engine: Int, revision: Int, device: String, mps: MPSGroup?) {
        self.engine = engine
        self.revision = revision
        self.mps = mps
        deviceKind = mps == nil ? String(device.prefix { $0 != ":" }) : MPSGroup.deviceName
    }
}

/// A template, as the shell sees it: a process that has loaded what instances share, and makes copies of itself.
enum Template {
    /// It loads, and these wait for it. → ready, unusable
    case loading(waiting: [ProcessID], pid: pid_t?)
    /// It makes copies. When it ends there is none, and the next instance starts one.
    case ready(pid_t)
    /// It ended before it was ready. For a while instances are started without one.
    case unusable(until: NIODeadline)

    /// How long it is done without one that did not load.
    static let pause = TimeAmount.minutes(10)

    /// Its process, while there is one.
    var pid: pid_t? {
        switch self {
        case .loading(_, let pid): pid
        case .ready(let pid): pid
        case .unusable: nil
        }
    }
}
