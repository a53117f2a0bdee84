import Glibc
import SpeechCore
import SpeechTestSupport
import Testing

@testable import SpeechAPI

@Suite("The administrator's socket", .timeLimit(.minutes(1)))
struct UnixSocketTests {
    private let directory = try? TemporaryDirectory()
    private var path: String { (directory?.path ?? "") + "/admin" }

    private func serve(_ body: (TestServer) async throws -> Void) async throws {
        try await TestServer.run(FakeSynthesizer(), isAdmin: true, place: .unixSocket(path: path), body: body)
    }

    private func expectAnswer() async throws {
        let connection = try await HTTPConnection.open(path: path)
        try await connection.send("GET", "/health/live")
        #expect(try await connection.reply().status == 200)
        try await connection.close()
    }

    @Test("A second server at the same path refuses to start, and the first one still answers there")
    func second() async throws {
        try await serve { _ in
            try await expectAnswer()
            let failure = await #expect(throws: UnixSocketFile.Failure.self) {
                try await serve { _ in Issue.record("it serves") }
            }
            #expect(failure?.description.contains("Another program answers at the Unix socket \(path).") == true)
            try await expectAnswer()
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test("A socket that a killed server has left is replaced; only the owner may use the new one")
    func leftOver() async throws {
        // Nobody listens at it.
        close(try UnixSocketFile.makeSocket(at: path))
        #expect(access(path, F_OK) == 0)
        try await serve { _ in
            try await expectAnswer()
            #expect(try directory?.mode("admin") == 0o600)
        }
        #expect(access(path, F_OK) != 0)
    }

    @Test("What another program has put in its place stays, and so does a file that is no socket")
    func others() async throws {
        try await serve { _ in
            #expect(unlink(path) == 0)
            close(try UnixSocketFile.makeSocket(at: path))
        }
        #expect(unlink(path) == 0)
        try directory?.write("mine", to: "admin")
        await #expect(throws: UnixSocketFile.Failure.self) { try await serve { _ in } }
        #expect(try directory?.read("admin") == "mine")
    }

    @Test("A path that is too long is told")
    func tooLong() {
        let path = "/tmp/" + String(repeating: "a", count: 200)
        let failure = #expect(throws: UnixSocketFile.Failure.self) { try UnixSocketFile.makeSocket(at: path) }
        #expect(failure?.description.contains("File name too long") == true)
    }
}
