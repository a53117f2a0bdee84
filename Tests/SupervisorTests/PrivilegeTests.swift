import Glibc
import PoolCore
import SpeechCore
import Supervisor
import Testing

/// What workers may do.
@Suite(.timeLimit(.minutes(2))) struct PrivilegeTests {
    @Test("A worker gets no more rights and leaves no core file", arguments: [false, true])
    func walls(usesTemplate: Bool) async throws {
        try await FakePool.with(usesTemplate: usesTemplate) { pool in
            let facts = try #require(await worker(of: pool))
            #expect(facts.hasNoNewPrivileges)
            #expect(facts.coreLimit == 0)
            #expect(facts.users == Array(repeating: geteuid(), count: 4))
        }
    }

    /// Root sees the user change, anybody else that it is refused.
    @Test("Workers of an engine with a user have that user's rights, and speak", arguments: [false, true])
    func users(usesTemplate: Bool) async throws {
        let account = try #require(UserAccount(named: "nobody"))
        let user: (inout SupervisorConfiguration) -> Void = { $0.engines[0].user = account }
        guard UserAccount.mayBeGiven else {
            try await FakePool.with(usesTemplate: usesTemplate, waitUntilReady: false, prepare: user) { pool in
                try await pool.until { $0.instances[0].state == "backoff" && $0.instances[0].restarts >= 1 }
            }
            return
        }
        var directory = ""
        try await FakePool.with(usesTemplate: usesTemplate, prepare: user) { pool in
            let facts = try #require(await worker(of: pool))
            #expect(facts.users == Array(repeating: account.uid, count: 4))
            #expect(facts.firstGroups == Array(repeating: account.gid, count: 4))
            #expect(Set(facts.groups) == Set(account.groups))
            #expect(facts.hasNoNewPrivileges)
            try await expect(pool.submit("Hello."), says: "Hello.")

            let uri = try #require(facts.arguments.first { $0.hasPrefix("unix://") })
            let socket = String(uri.dropFirst("unix://".count))
            let home = parent(of: socket)
            directory = parent(of: home)
            #expect(try #require(status(of: socket)).st_uid == account.uid)
            #expect(try #require(status(of: home)).st_uid == account.uid)
            #expect(try #require(status(of: home)).st_mode & 0o7777 == 0o700)
            #expect(try #require(status(of: directory)).st_uid == geteuid())
            #expect(try #require(status(of: directory)).st_mode & 0o7777 == 0o711)
        }
        #expect(status(of: directory) == nil, "the directory is left")
    }

    @Test(
        "What a user leaves among the sockets goes with them, but is not followed",
        .enabled(if: UserAccount.mayBeGiven, "only root can start processes as another user")
    )
    func leavings() async throws {
        var outside = Array("/tmp/chorus-test-XXXXXX".utf8CString)
        let target = String(cString: try #require(mkdtemp(&outside)))
        defer { rmdir(target) }
        let account = try #require(UserAccount(named: "nobody"))
        var directory = ""
        try await FakePool.with(prepare: { $0.engines[0].user = account }) { pool in
            let facts = try #require(await worker(of: pool))
            let uri = try #require(facts.arguments.first { $0.hasPrefix("unix://") })
            let home = parent(of: String(uri.dropFirst("unix://".count)))
            directory = parent(of: home)
            #expect(symlink(target, "\(home)/link") == 0)
        }
        #expect(status(of: directory) == nil, "the directory is left")
        #expect(status(of: target) != nil, "the link was followed")
    }

    private func worker(of pool: FakePool) async -> ProcessFacts? {
        await pool.supervisor.snapshot().instances[0].pid.flatMap(ProcessFacts.init(of:))
    }

    private func parent(of path: String) -> String { String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) }

    private func status(of path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
