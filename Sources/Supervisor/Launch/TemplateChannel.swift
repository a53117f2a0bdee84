import CSpawn
import FoundationEssentials
import Glibc

/// The keeper's end of the socket to a template: a process that has its model in memory and makes copies of itself.
/// Used on the keeper's thread only.
///
/// A packet is a JSON object. We ask for `fork` (with a descriptor that becomes the copy's output) and `reap`; the
/// template says `ready`, `forked` (with a pidfd), `failed` and `reaped`. It forgets a copy only when it is asked to,
/// so a copy's number is its own until we have seen its end.
final class TemplateChannel {
    /// A copy that was made.
    struct Copy {
        var pid: pid_t
        var pidfd: CInt
        var asked = ContinuousClock.now
        var started: @Sendable (Result<pid_t, SystemError>) -> Void
        var exited: @Sendable (ProcessKeeper.Exit) -> Void
    }

    private struct Reap {
        var asked = ContinuousClock.now
        var exited: @Sendable (ProcessKeeper.Exit) -> Void
    }

    /// Bytes of a packet that the template may send.
    private static let packetLimitBytes = 16 << 10
    /// How long a template may take to answer. It has nothing else to do, and a copy takes it milliseconds.
    private static let answerTimeout = Duration.seconds(10)

    let socket: CInt
    /// Told once, when copies can be made.
    private var ready: (@Sendable () -> Void)?
    private var forksMade = 0
    private var forks: [Int: Copy] = [:]
    private var reaps: [pid_t: Reap] = [:]

    init(socket: CInt, ready: @escaping @Sendable () -> Void) {
        self.socket = socket
        self.ready = ready
    }

    deinit { close(socket) }

    /// Asks for a copy. It comes from `receive`, unless it fails.
    func fork(
        _ fork: ProcessKeeper.Fork,
        started: @escaping @Sendable (Result<pid_t, SystemError>) -> Void,
        exited: @escaping @Sendable (ProcessKeeper.Exit) -> Void
    ) {
        forksMade += 1
        forks[forksMade] = Copy(pid: 0, pidfd: -1, started: started, exited: exited)
        let error = send(
            Request(
                type: "fork",
                id: forksMade,
                uri: fork.uri,
                device: fork.device,
                instance: fork.instance,
                memoryBytes: fork.memoryBytes
            ),
            descriptor: fork.output
        )
        if error != 0 { forkFailed(forksMade, error) }
    }

    /// Asks how a copy ended, of which it is known that it has.
    func reap(_ pid: pid_t, exited: @escaping @Sendable (ProcessKeeper.Exit) -> Void) {
        if send(Request(type: "reap", pid: pid)) == 0 { reaps[pid] = Reap(exited: exited) } else { exited(.unknown) }
    }

    /// When the template has failed to answer in time; `nil` while nothing was asked.
    var deadline: ContinuousClock.Instant? {
        (forks.values.map(\.asked) + reaps.values.map(\.asked)).min().map { $0 + Self.answerTimeout }
    }

    /// Hears what the template has said.
    /// - Returns: the copies that were made, and whether the template still talks.
    func receive() -> (copies: [Copy], isOpen: Bool) {
        var copies: [Copy] = []
        var packet = [UInt8](repeating: 0, count: Self.packetLimitBytes)
        while true {
            var descriptor: CInt = -1
            let count = chorus_receive_packet(socket, &packet, packet.count, &descriptor)
            guard count > 0 else { return (copies, count == -Int(EAGAIN)) }
            guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(packet.prefix(count))) else {
                if descriptor >= 0 { close(descriptor) }
                return (copies, false)
            }
            if let copy = heard(reply, descriptor: descriptor) { copies.append(copy) }
            // Out of descriptors we were not given the copy's. Nobody can watch it, so it goes with its template.
            if reply.type == "forked", descriptor < 0 { return (copies, false) }
        }
    }

    /// The template has ended: nothing that was asked for will come.
    func end() {
        for id in forks.keys { forkFailed(id, ECHILD) }
        for reap in reaps.values { reap.exited(.unknown) }
        reaps = [:]
    }

    private func heard(_ reply: Reply, descriptor: CInt) -> Copy? {
        switch reply.type {
        case "forked":
            if descriptor >= 0, let pid = reply.pid, let id = reply.id, var copy = forks.removeValue(forKey: id) {
                (copy.pid, copy.pidfd) = (pid, descriptor)
                return copy
            }
        case "ready":
            ready?()
            ready = nil
        case "failed":
            if let id = reply.id { forkFailed(id, EAGAIN, reply.reason) }
        case "reaped":
            if let pid = reply.pid, let reap = reaps.removeValue(forKey: pid) {
                reap.exited(reply.signal.map { .signal($0) } ?? reply.status.map { .status($0) } ?? .unknown)
            }
        default: break
        }
        if descriptor >= 0 { close(descriptor) }
        return nil
    }

    private func forkFailed(_ id: Int, _ error: CInt, _ reason: String? = nil) {
        let words = reason.map { " (\($0))" } ?? ""
        let failure = SystemError("fork an instance from its template\(words)", number: error)
        forks.removeValue(forKey: id)?.started(.failure(failure))
    }

    private func send(_ request: Request, descriptor: CInt = -1) -> CInt {
        guard let bytes = try? JSONEncoder().encode(request) else { return EINVAL }
        return bytes.withUnsafeBytes { chorus_send_packet(socket, $0.baseAddress, $0.count, descriptor) }
    }

    private struct Request: Encodable {
        var type: String
        var id: Int?
        var uri: String?
        var device: String?
        var instance: String?
        var memoryBytes: Int?
        var pid: pid_t?

        enum CodingKeys: String, CodingKey {
            case type, id, uri, device, instance, pid
            case memoryBytes = "memory_bytes"
        }
    }

    private struct Reply: Decodable {
        var type: String
        var id: Int?
        var pid: pid_t?
        var status: CInt?
        var signal: CInt?
        var reason: String?
    }
}
