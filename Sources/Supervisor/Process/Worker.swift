import Glibc
import NIOCore
import PoolCore
import SpeechCore
import Wyoming

/// A process of an instance, as the shell sees it.
final class Worker {
    let socketPath: String
    /// What it may hold of its device's memory; `nil` if nobody knows how much there is.
    var memoryBytes: Int?
    /// What was used of its device before it was started, but for what our other instances held.
    let deviceBytesBefore: Int
    /// What it said of itself.
    var info: WyomingInfo?
    /// When it answered first.
    var openedAt: Instant?
    /// The group that it shares its GPU with, if it does so by MPS.
    var mps: MPSGroup?
    /// The wall that the kernel killed it for, in bytes.
    var fatalWall: Int?
    /// The socket as a worker is told of it.
    var uri: String { "unix://\(socketPath)" }
    /// `nil` until it has been started.
    var pid: pid_t?
    /// What is known of its memory.
    var memory = WorkerMemory()
    /// The connections of its slots.
    var links: [Int: SlotLink] = [:]
    /// Set when it has ended. Its connections may still hold what it said last.
    var exit: ProcessKeeper.Exit?
    /// Whether it hung and was asked to tell where.
    var isAborted = false
    /// Whether we have told it to end.
    var isToEnd = false
    /// Whether it ended by its own doing: nobody told it to, and nobody killed it.
    var hasCrashed: Bool {
        guard let exit, !isToEnd else { return false }
        return fatalWall != nil || exit.isOwnDoing
    }
    /// Whether there may be more to read of what it wrote.
    var isWriting = false
    /// The last lines it wrote, for the log when it ends; none that may tell a caller's text.
    var lastWords: [String] = []
    /// Whether it has been given a caller's text.
    var knowsTexts = false

    init(socketPath: String, memoryBytes: Int?, deviceBytesBefore: Int) {
        self.socketPath = socketPath
        self.memoryBytes = memoryBytes
        self.deviceBytesBefore = deviceBytesBefore
    }

    /// How many of its last lines are kept.
    static let lastWordsKept = 5
    /// How long after its end what it said is read.
    static let lastWordsTimeout = TimeAmount.seconds(1)
    /// How long after the end of a connection it is waited for the news that its process has ended.
    static let newsTimeout = TimeAmount.milliseconds(100)
}

/// The connection of a slot, or the attempt to make one.
final class SlotLink {
    /// Tells this connection from earlier ones of the same slot.
    let number: Int
    /// `nil` while it is being made.
    var channel: (any Channel)?
    /// Whether the worker has answered on it.
    var isOpen = false
    /// Whether the other end has closed it.
    var isAtEnd = false
    /// The job whose audio comes over it, even if its caller has left.
    var job: JobID?
    /// The wait before the next attempt to connect.
    var delay = SlotLink.firstDelay
    var nextAttempt: Scheduled<Void>?
    /// What is being measured over it.
    var sampling: Sampling?

    init(number: Int) { self.number = number }

    /// A worker on our machine listens within milliseconds or within many seconds; the wait grows accordingly.
    static let firstDelay = TimeAmount.milliseconds(2)
    static let longestDelay = TimeAmount.milliseconds(100)
}
