import HTTPTypes
import SpeechCore
import Testing

@testable import SpeechAPI

@Suite("Web pages and names", .timeLimit(.minutes(1)))
struct OriginTests {
    private static let body = #"{"input": "Hi.", "response_format": "pcm"}"#
    private static let page = "https://app.example.org"

    private func run(
        _ origins: OriginPolicy = OriginPolicy(),
        keys: APIKeys = APIKeys(),
        isAdmin: Bool = false,
        body: (TestServer) async throws -> Void
    ) async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        try await TestServer.run(synthesizer, keys: keys, origins: origins, isAdmin: isAdmin, body: body)
    }

    /// A request with exactly these header lines.
    private func send(_ server: TestServer, _ start: String, _ lines: String...) async throws -> HTTPReply {
        let connection = try await HTTPConnection.open(port: server.port)
        try await connection.send(([start + " HTTP/1.1"] + lines).joined(separator: "\r\n") + "\r\n\r\n")
        let reply = try await connection.reply()
        try await connection.close()
        return reply
    }

    @Test(
        "Without keys the server answers to addresses and to names that only this machine has",
        arguments: [
            ("127.0.0.1:8080", true), ("localhost", true), ("LOCALHOST:1", true), ("localhost.:80", true),
            ("a.localhost:80", true), ("[::1]:8080", true), ("[::1]", true), ("192.168.1.2:80", true), ("box:80", true),
            ("BOX", true), ("evil.test", false), ("evil.test:8080", false), ("localhost.evil.test", false),
            ("127.0.0.1.evil.test:80", false), ("evil.test@localhost", false), ("localhost:80:80", false),
            ("evillocalhost", false), ("[evil.test]", false), ("127.0.0.1:a", false), (":80", false),
        ]
    )
    func names(host: String, isServed: Bool) throws {
        let policy = OriginPolicy(host: "Box")
        let request = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/v1/pool")
        if isServed {
            try policy.check(request, needsKey: false)
        } else {
            #expect(throws: APIError.self) { try policy.check(request, needsKey: false) }
        }
        // With keys, or where the server is meant for everybody, it may have any name.
        try policy.check(request, needsKey: true)
        try OriginPolicy(isOpen: true).check(request, needsKey: false)
    }

    @Test("After DNS rebinding a page gets nothing, and is told what to do")
    func rebinding() async throws {
        try await run { server in
            for path in ["/v1/pool", "/v1/models", "/v1/audio/voices", "/nowhere"] {
                let reply = try await send(server, "GET \(path)", "Host: evil.test")
                #expect(reply.status == 403)
                let error = try ErrorReply(reply).error
                #expect(error.code == "host_not_allowed")
                #expect(error.message.contains("`evil.test`") && error.message.contains("chorus key new"))
            }
            // Probes are answered by any name, and without one.
            for path in ["/health/live", "/health/ready", "/metrics"] {
                #expect(try await send(server, "GET \(path)", "Host: chorus.pod").status == 200)
                #expect(try await send(server, "GET \(path)").status == 200)
            }
        }
        try await run(isAdmin: true) { server in
            let reply = try await send(server, "GET /v1/pool", "Host: chorus")
            #expect(reply.status == 200)
        }
    }

    @Test("A request without a name, or with two, is refused, with keys as well")
    func noName() async throws {
        for keys in [APIKeys(), APIKeys([APIKey(name: "amy", digest: KeyDigest(of: "amy"))])] {
            try await run(keys: keys) { server in
                for lines in [["Accept: */*"], ["Host:"], ["Host: localhost\r\nHost: localhost"]] {
                    let reply = try await send(server, "GET /v1/models", lines[0], "Authorization: Bearer amy")
                    #expect(reply.status == 400)
                    #expect(try ErrorReply(reply).error.code == "invalid_host")
                }
            }
        }
    }

    @Test("Without keys a foreign page can have nothing made; the server's own pages can")
    func foreignPage() async throws {
        for isOpen in [false, true] {
            try await run(OriginPolicy(isOpen: isOpen)) { server in
                for origin in ["http://evil.test", "null", "http://localhost:3000", "http://127.0.0.1:8081"] {
                    let fields = "Origin: \(origin)\r\nContent-Type: text/plain\r\n"
                    let reply = try await server.speak(Self.body, fields: fields)
                    #expect(reply.status == 403)
                    let error = try ErrorReply(reply).error
                    #expect(error.code == "origin_not_allowed" && error.message.contains("`cors`"))
                    #expect(reply.fields["access-control-allow-origin"] == nil)
                }
                for own in ["http://localhost", "https://localhost"] {
                    #expect(try await server.speak(Self.body, fields: "Origin: \(own)\r\n").status == 200)
                }
            }
        }
    }

    @Test("A page that is allowed may ask, read all answers, and is asked for its key after the preflight only")
    func allowedPage() async throws {
        let keys = APIKeys([APIKey(name: "amy", digest: KeyDigest(of: "amy"))])
        try await run(OriginPolicy(allowed: [Self.page]), keys: keys) { server in
            let origin = "Origin: \(Self.page)\r\n"
            let preflight = try await server.ask(
                "OPTIONS",
                "/v1/audio/speech",
                fields: origin + "Access-Control-Request-Method: POST\r\n"
                    + "Access-Control-Request-Headers: authorization,content-type\r\n"
            )
            #expect(preflight.status == 204)
            #expect(preflight.fields["access-control-allow-origin"] == Self.page)
            #expect(preflight.fields["access-control-allow-methods"] == "POST, OPTIONS")
            #expect(preflight.fields["access-control-allow-headers"] == "authorization,content-type")
            #expect(preflight.fields["access-control-max-age"] == "600")

            for (key, status) in [("amy", 200), ("bob", 401)] {
                let reply = try await server.speak(Self.body, fields: origin + "Authorization: Bearer \(key)\r\n")
                #expect(reply.status == status)
                #expect(reply.fields["access-control-allow-origin"] == Self.page)
                #expect(reply.fields["access-control-expose-headers"]?.contains("X-Request-Id") == true)
                #expect(reply.fields["vary"] == "Origin")
            }
            // A cache must not give one page's answer to another.
            let other = try await server.ask("GET", "/v1/models", fields: "Authorization: Bearer amy\r\n")
            #expect(other.fields["vary"] == "Origin" && other.fields["access-control-allow-origin"] == nil)
        }
        try await run(OriginPolicy(allowed: [Self.page])) { server in
            let reply = try await server.speak(Self.body, fields: "Origin: \(Self.page)\r\n")
            #expect(reply.status == 200)
            let other = try await server.speak(Self.body, fields: "Origin: \(Self.page).evil\r\n")
            #expect(other.status == 403)
        }
    }

    @Test("With keys another page is refused at the preflight; what is no browser may name any origin")
    func withKeys() async throws {
        let keys = APIKeys([APIKey(name: "amy", digest: KeyDigest(of: "amy"))])
        try await run(keys: keys) { server in
            let origin = "Origin: http://evil.test\r\n"
            let fields = origin + "Access-Control-Request-Method: POST\r\n"
            #expect(try await server.ask("OPTIONS", "/v1/audio/speech", fields: fields).status == 403)
            let reply = try await server.speak(Self.body, fields: origin + "Authorization: Bearer amy\r\n")
            #expect(reply.status == 200)
            #expect(reply.fields["access-control-allow-origin"] == nil && reply.fields["vary"] == nil)
        }
    }

    @Test(
        "An origin is what browsers write: a scheme, a host, perhaps a port",
        arguments: [
            ("https://app.example.org", true), ("http://localhost:3000", true), ("http://[::1]:3000", true),
            ("app://obsidian.md", true), ("chrome-extension://abcdefgh", true), ("*", false), ("null", false),
            ("", false),
            ("https://app.example.org/", false), ("https://app.example.org/a", false), ("app.example.org", false),
            ("https://*.example.org", false), ("https://App.example.org", false), ("https://a:443", false),
            ("http://a:80", false), ("http://a:8080", true), ("https://a b", false), ("://a", false),
            ("https://", false),
        ]
    )
    func origins(text: String, isOrigin: Bool) {
        #expect(OriginPolicy.isOrigin(text) == isOrigin)
    }
}
