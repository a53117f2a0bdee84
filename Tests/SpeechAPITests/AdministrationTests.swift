import SpeechCore
import Testing

@testable import SpeechAPI

@Suite("Those who run the server", .timeLimit(.minutes(1)))
struct AdministrationTests {
    private static let routes = [
        ("POST", "/v1/pool/reload"), ("GET", "/v1/pool/quarantine"), ("DELETE", "/v1/pool/quarantine"),
        ("DELETE", "/v1/pool/quarantine/0a"), ("POST", "/v1/pool/instances/espeak-0/drain"),
        ("POST", "/v1/pool/instances/espeak-0/restart"), ("POST", "/v1/pool/engines/espeak/scale"),
    ]

    @Test(
        "Without keys, and with a key that is not for it, nothing is changed and the answer says what is needed",
        arguments: [true, false]
    )
    func refused(hasKeys: Bool) async throws {
        let administrator = FakeAdministrator()
        let keys = APIKeys(hasKeys ? [APIKey(name: "amy", digest: KeyDigest(of: "amy"))] : [])
        try await TestServer.run(FakeSynthesizer(), keys: keys, administrator: administrator) { server in
            for (method, path) in Self.routes {
                let reply = try await server.ask(method, path, body: "{}", fields: "Authorization: Bearer amy\r\n")
                #expect(reply.status == 403 && reply.text.contains("admin_only"), "\(method) \(path)")
            }
        }
        #expect(administrator.deeds.isEmpty)
    }

    @Test("With an admin's key, or on the admin's socket, everything is done", arguments: [true, false])
    func allowed(byKey: Bool) async throws {
        let administrator = FakeAdministrator()
        var key = APIKey(name: "root", digest: KeyDigest(of: "root"))
        key.isAdmin = true
        try await TestServer.run(
            FakeSynthesizer(),
            keys: APIKeys([key]),
            administrator: administrator,
            isAdmin: !byKey
        ) { server in
            let fields = byKey ? "Authorization: Bearer root\r\n" : ""
            func ask(_ method: String, _ path: String, _ body: String? = nil) async throws -> HTTPReply {
                try await server.ask(method, path, body: body, fields: fields)
            }
            #expect(try await ask("GET", "/v1/pool/quarantine").text.contains(#""id":"0a""#))
            #expect(try await ask("DELETE", "/v1/pool/quarantine/0a").status == 200)
            #expect(try await ask("DELETE", "/v1/pool/quarantine/0b").status == 404)
            #expect(try await ask("DELETE", "/v1/pool/quarantine").text == #"{"released":1}"#)
            #expect(try await ask("POST", "/v1/pool/instances/espeak-0/drain", "").status == 202)
            #expect(try await ask("POST", "/v1/pool/instances/espeak-0/restart", "").status == 202)
            #expect(try await ask("POST", "/v1/pool/instances/espeak-9/restart", "").status == 404)
            #expect(try await ask("POST", "/v1/pool/engines/espeak/scale", #"{"instances": 3}"#).status == 202)
            #expect(try await ask("POST", "/v1/pool/engines/espeak/scale", #"{"instances": "x"}"#).status == 400)
            let reload = try await ask("POST", "/v1/pool/reload", "")
            #expect(reload.status == 400 && reload.text.contains("chorus.yaml:1:1: nonsense"))
        }
        #expect(
            administrator.deeds == [
                "release 0a", "release 0b", "release all", "drain espeak-0", "restart espeak-0", "scale espeak to 3",
            ]
        )
    }

    @Test("A key that stays keeps what it has used, and one that goes is valid no more")
    func keysChange() throws {
        var amy = APIKey(name: "amy", digest: KeyDigest(of: "amy"))
        amy.limits.concurrent = 2
        let keys = APIKeys([amy, APIKey(name: "bob", digest: KeyDigest(of: "bob"))])
        let holder = try #require(keys.holder(of: "amy"))
        let first = try keys.admit(holder, characters: 1, at: .now)
        amy.limits.concurrent = 1
        keys.update([amy])
        #expect(keys.holder(of: "bob") == nil)
        #expect(throws: KeyUsage.Refusal.concurrency) { try keys.admit(holder, characters: 1, at: .now) }
        first.end()
        _ = try keys.admit(holder, characters: 1, at: .now)
    }
}
