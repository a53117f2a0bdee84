import Glibc
import SpeechCore
import Supervisor
import Testing

/// What workers start themselves.
@Suite(.timeLimit(.minutes(2))) struct DescendantTests {
    /// A worker that has started two processes: one that stays in its session and group, and one that leaves both.
    private static let command = [
        "/bin/sh", "-c", "sleep 1000 & setsid sleep 1000 & exec \(FakePool.programs)/FakeWorker --uri $0", "{uri}",
    ]

    private func isAlive(_ pid: pid_t) -> Bool { ProcessFacts(of: pid)?.isAlive ?? false }

    private func children(of worker: pid_t) throws -> (staying: pid_t, leaving: pid_t) {
        let children = ProcessFacts.children(of: worker)
        let staying = try #require(children.first { ProcessFacts(of: $0)?.session == worker })
        let leaving = try #require(children.first { ProcessFacts(of: $0)?.session == $0 })
        return (staying, leaving)
    }

    @Test("A worker leads a session, and its group ends with it; what has left the group ends with the pool")
    func descendants() async throws {
        var left: [pid_t] = []
        try await FakePool.with(command: Self.command) { pool in
            let worker = try #require(await pool.supervisor.snapshot().instances[0].pid)
            #expect(ProcessFacts(of: worker)?.session == worker)
            let before = try children(of: worker)
            kill(worker, SIGKILL)
            try await pool.until { $0.instances[0].restarts == 1 && $0.instances[0].state == "ready" }
            #expect(!isAlive(before.staying))
            #expect(isAlive(before.leaving))
            let after = try children(of: try #require(await pool.supervisor.snapshot().instances[0].pid))
            left = [before.leaving, after.staying, after.leaving]
        }
        #expect(left.count == 3)
        for pid in left { #expect(!isAlive(pid), "\(pid) is left") }
    }

    @Test("What a template has started ends with the pool, too")
    func descendantsOfTemplates() async throws {
        var left: [pid_t] = []
        try await FakePool.with(command: Self.command, usesTemplate: true) { pool in
            let worker = try #require(await pool.supervisor.snapshot().instances[0].pid)
            let template = try children(of: try #require(ProcessFacts(of: worker)?.parent))
            left = [template.staying, template.leaving]
        }
        #expect(left.count == 2)
        for pid in left { #expect(!isAlive(pid), "\(pid) is left") }
    }

    @Test("Pools end what is theirs only")
    func pools() async throws {
        try await FakePool.with(command: Self.command) { pool in
            let worker = try #require(await pool.supervisor.snapshot().instances[0].pid)
            let ours = try children(of: worker)
            try await FakePool.with(command: Self.command) { _ in }
            #expect(isAlive(worker) && isAlive(ours.staying) && isAlive(ours.leaving))
        }
    }
}
