import CSpawn
import Glibc
import SpeechCore

/// Sees to it that nothing outlives us that a process of the keeper's has started, however we end.
///
/// Each process has a mark in its environment, which all that it starts inherit. When we end in good order we kill what
/// carries it ourselves. When we are killed the guardian does: a process of its own that waits for nothing else.
/// Used on the keeper's thread only.
final class Guardian {
    /// What processes have in their environment, as `NAME=VALUE`.
    let mark = "CHORUS_POOL=\(Hexadecimal.text((0..<16).map { _ in UInt8.random(in: .min ... .max) }))"

    /// The process groups to kill, in memory that is shared with the guardian. 0 is none. Groups beyond those that have
    /// room here are found by the mark.
    private let groups: UnsafeMutablePointer<pid_t>?
    private var process: (pid: pid_t, pidfd: CInt, leash: CInt)?
    /// When there may be another one.
    private var due = ContinuousClock.now

    private static let groupsBytes = Int(CHORUS_GUARDED_GROUPS) * MemoryLayout<pid_t>.stride
    /// The least time between the starts of two guardians.
    private static let pause = Duration.seconds(1)

    init() {
        let memory = mmap(nil, Self.groupsBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        groups = memory == MAP_FAILED ? nil : memory?.bindMemory(to: pid_t.self, capacity: Int(CHORUS_GUARDED_GROUPS))
        start()
    }

    deinit {
        end()
        if let groups { munmap(groups, Self.groupsBytes) }
    }

    /// `nil` while there is none.
    var pid: pid_t? { process?.pid }

    /// Readable when the guardian has ended; `nil` while there is none.
    var pidfd: CInt? { process?.pidfd }

    /// When `start` is to be called; `nil` while there is a guardian.
    var deadline: ContinuousClock.Instant? { process == nil ? due : nil }

    /// Starts one, if there is none and it is time. Somebody may have killed the last one, or the system had no room.
    func start() {
        guard process == nil, due <= .now else { return }
        due = .now + Self.pause
        var spawned = chorus_spawned()
        var leash: CInt = -1
        guard let groups, chorus_start_guardian(mark, groups, &spawned, &leash) == 0 else { return }
        process = (spawned.pid, spawned.pidfd, leash)
    }

    /// Ends it, if there is one.
    func end() {
        guard let (pid, pidfd, leash) = process else { return }
        process = nil
        kill(pid, SIGKILL)
        var (code, status): (CInt, CInt) = (0, 0)
        _ = chorus_reap(pidfd, &code, &status)
        close(pidfd)
        close(leash)
    }

    /// A process has been started that leads a group.
    func add(_ group: pid_t) { replace(0, by: group) }

    /// A process that led a group has ended, and the rest of the group with it.
    func remove(_ group: pid_t) { replace(group, by: 0) }

    private func replace(_ old: pid_t, by new: pid_t) {
        guard let groups else { return }
        for index in 0..<Int(CHORUS_GUARDED_GROUPS) where groups[index] == old {
            groups[index] = new
            return
        }
    }

    /// Kills what carries the mark.
    /// - Returns: how many are left that do not end.
    func sweep() -> Int { Int(chorus_sweep(mark)) }
}
