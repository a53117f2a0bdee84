import Glibc
import SpeechCore
import SpeechTestSupport
import Supervisor
import Testing

/// Instances that are copies of a template.
@Suite(.timeLimit(.minutes(2))) struct TemplateTests {
    /// The parent of a process.
    private func parent(of pid: pid_t) -> pid_t? {
        guard let file = fopen("/proc/\(pid)/stat", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        guard fgets(&line, CInt(line.count), file) != nil else { return nil }
        // "PID (NAME) STATE PARENT …", and a name may have anything in it.
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > 2 ? pid_t(fields[2]) : nil
    }

    private func pids(_ pool: FakePool) async -> [pid_t] {
        await pool.supervisor.snapshot().instances.compactMap(\.pid)
    }

    @Test("All instances are children of one template, speak, and nothing is left of them or it")
    func copies() async throws {
        var template: pid_t?
        try await FakePool.with(instances: 3, usesTemplate: true) { pool in
            for number in 0..<9 { try await expect(pool.submit("Text \(number)."), says: "Text \(number).") }
            let parents = Set(await pids(pool).compactMap(parent))
            #expect(parents.count == 1 && !parents.contains(getpid()))
            template = parents.first
        }
        let pid = try #require(template)
        #expect(kill(pid, 0) == -1, "the template is left")
    }

    @Test("A copy that dies is made again from the same template, with its job")
    func copyDies() async throws {
        try await FakePool.with(instances: 2, usesTemplate: true) { pool in
            let before = await pids(pool)
            let template = parent(of: before[0])
            try await expect(pool.submit("Before."), says: "Before.")
            kill(before[0], SIGKILL)
            try await pool.until { $0.instances[0].restarts == 1 && $0.instances.allSatisfy { $0.state == "ready" } }
            let after = await pids(pool)
            #expect(after[0] != before[0] && after[1] == before[1])
            #expect(parent(of: after[0]) == template)
            await #expect(throws: SpeechError.self) { try await pool.submit("{die}").rest() }
            try await pool.until { $0.instances.allSatisfy { $0.state == "ready" } }
            try await expect(pool.submit("After."), says: "After.")
        }
    }

    @Test("A template that dies takes its copies along, and another one is made")
    func templateDies() async throws {
        try await FakePool.with(instances: 2, usesTemplate: true) { pool in
            let template = try #require(parent(of: await pids(pool)[0]))
            kill(template, SIGKILL)
            try await pool.until { $0.instances.allSatisfy { $0.restarts >= 1 && $0.state == "ready" } }
            let parents = Set(await pids(pool).compactMap(parent))
            #expect(parents.count == 1 && !parents.contains(template) && !parents.contains(getpid()))
            try await expect(pool.submit("After."), says: "After.")
        }
    }

    @Test("Without a template that works instances are started one by one")
    func templateFails() async throws {
        try await FakePool.with(instances: 2, arguments: ["--fail-template"], usesTemplate: true) { pool in
            try await expect(pool.submit("Hello."), says: "Hello.")
            #expect(await pids(pool).compactMap(parent) == [getpid(), getpid()])
        }
    }

    @Test("A pool that is told to stop while its template loads stops")
    func stopsWhileLoading() async throws {
        try await FakePool.with(command: ["sleep", "600"], usesTemplate: true, waitUntilReady: false) { pool in
            try await pool.until { $0.instances[0].state == "starting" }
        }
    }

    @Test("A template that does not answer is given up with its copies, and another one takes its place")
    func templateHangs() async throws {
        try await FakePool.with(instances: 2, usesTemplate: true) { pool in
            let before = await pids(pool)
            let template = try #require(parent(of: before[0]))
            kill(template, SIGSTOP)
            kill(before[0], SIGKILL)
            try await pool.until { pool in
                pool.instances.allSatisfy { $0.restarts >= 1 && $0.state == "ready" }
            }
            #expect(parent(of: await pids(pool)[0]) != template)
            try await expect(pool.submit("After."), says: "After.")
        }
    }
}
