import FoundationEssentials
import SpeechAPI
import SpeechCore
import Testing

@Suite("What is around speech", .timeLimit(.minutes(1)))
struct OperationsTests {
    private func run(pool: FakePool = FakePool(), _ body: (TestServer) async throws -> Void) async throws {
        try await TestServer.run(FakeSynthesizer(FakeStream(.audio(.sample))), pool: pool, body: body)
    }

    @Test("Models are listed and shown one by one, as OpenAI's are")
    func models() async throws {
        try await run { server in
            let list = try await server.ask("GET", "/v1/models")
            #expect(list.fields["content-type"] == "application/json")
            #expect(list.text.hasPrefix(#"{"data":[{"created":1"#))
            #expect(list.text.contains(#""id":"espeak","object":"model","owned_by":"chorus"}"#))
            #expect(list.text.hasSuffix(#"],"object":"list"}"#))

            let forOpenWebUI = try await server.ask("GET", "/v1/audio/models")
            #expect(forOpenWebUI.text.contains(#""models":[{"created":1"#) && forOpenWebUI.text.contains(#""data":["#))
            #expect(!list.text.contains(#""models":"#))

            let one = try await server.ask("GET", "/v1/models/tts-1%2Fa")
            #expect(one.text.contains(#""id":"tts-1/a""#))
            #expect(try await server.ask("GET", "/v1/models/tts-1/a").status == 200)

            let dated = try await server.ask("GET", "/v1/models/tts-1/a-2025-12-15")
            #expect(dated.text.contains(#""id":"tts-1/a-2025-12-15""#))

            #expect(try await server.ask("GET", "/v1/models/espeak-2025-12-15").status == 404)
            let none = try await server.ask("GET", "/v1/models/gpt")
            #expect(none.status == 404)
            let error = try ErrorReply(none).error
            #expect(error.code == "model_not_found" && error.param == "model" && error.message.contains("`gpt`"))
        }
    }

    @Test("Voices are listed with what aliases stand for and when made ones were made")
    func voices() async throws {
        try await run { server in
            let all = #"{"voices":[{"description":"English","id":"en-us","languages":["en-us","en"],"name":"en-us"},"#
            let made = #"{"created_at":1700000000,"id":"amy","languages":[],"made":true,"name":"amy"},"#
            let alias = #"{"alias_of":"auto+f2","id":"alloy","languages":["en"],"name":"alloy"}]}"#
            let byDefault = try await server.ask("GET", "/v1/audio/voices")
            #expect(byDefault.text == all + made + alias)
            #expect(try await server.ask("GET", "/v1/audio/voices?x&model=tts-1%2fa").text == all + made + alias)
            #expect(try await server.ask("GET", "/v1/audio/voices?model=gpt").status == 404)
        }
    }

    @Test("Ready is when every engine has an instance that serves")
    func health() async throws {
        try await run { server in
            #expect(try await server.ask("GET", "/health/live").text == #"{"status":"ok"}"#)
            #expect(try await server.ask("GET", "/health").text == #"{"status":"ok"}"#)
            let ready = try await server.ask("GET", "/health/ready")
            #expect(ready.status == 200)
            #expect(
                ready.text == #"{"engines":[{"instances":1,"name":"espeak","parked":0,"ready":1}],"status":"ready"}"#
            )
        }
        try await run(pool: FakePool(ready: 0)) { server in
            #expect(try await server.ask("GET", "/health/live").status == 200)
            let ready = try await server.ask("GET", "/health/ready")
            #expect(ready.status == 503)
            #expect(ready.text.contains(#""status":"not_ready""#))
        }
    }

    @Test("The pool is shown as it is, the metrics as they are given")
    func poolAndMetrics() async throws {
        try await run { server in
            let pool = try await server.ask("GET", "/v1/pool")
            let shown = try JSONDecoder().decode(PoolSnapshot.self, from: Data(pool.body))
            let expected = await FakePool().snapshot()
            #expect(shown == expected)
            let metrics = try await server.ask("GET", "/metrics")
            #expect(metrics.text == "chorus_up 1\n")
            #expect(metrics.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Test("HEAD is GET without a body, OPTIONS tells the methods")
    func otherMethods() async throws {
        try await run { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await connection.send("HEAD", "/metrics")
            let head = try await connection.reply(hasBody: false)
            #expect(head.status == 200)
            #expect(head.fields["content-length"] == "12")
            try await connection.send("OPTIONS", "/v1/audio/speech")
            let options = try await connection.reply()
            #expect(options.status == 204)
            #expect(options.fields["allow"] == "POST, OPTIONS")
            #expect(options.fields["content-length"] == nil)
            try await connection.close()
        }
    }

    @Test("A request leaves one line in the log, without its text")
    func log() async throws {
        let server = try await TestServer.run(FakeSynthesizer(FakeStream(.audio(.sample)))) { server in
            _ = try await server.speak(
                #"{"input": "Secret.", "response_format": "pcm"}"#,
                fields: "X-Request-Id: a b\r\n"
            )
            _ = try await server.ask("GET", "/health/live")
        }
        let line = try #require(server.requests.first)
        #expect(server.requests.count == 1)
        #expect(line["request.id"]?.hasPrefix("req_") == true)
        #expect(line["http.status"] == "200")
        #expect(line["http.route"] == "/v1/audio/speech")
        #expect(line["speech.characters"] == "7")
        #expect(line["speech.format"] == "pcm")
        #expect(line["audio.seconds"] == "0.1")
        #expect(line["ttfa.ms"] != nil)
        #expect(!server.logged.contains("Secret"))
    }

    @Test("What clients and engines did wrong is logged by its code: the message may quote the text. Ours is told")
    func logOfErrors() async throws {
        let codes: [String: SpeechError.Code] = [
            "Mine.": .invalidRequest, "Its.": .engineFailed, "Yours.": .engineUnavailable,
        ]
        let server = try await TestServer.run(
            FakeSynthesizer { .failure(SpeechError(codes[$0.text] ?? .engineFailed, "It is 'Secret'.")) }
        ) { server in
            for (text, status) in [("Mine.", 400), ("Its.", 500), ("Yours.", 503)] {
                let reply = try await server.speak(#"{"input": "\#(text)"}"#)
                #expect(reply.status == status && reply.text.contains("It is 'Secret'."))
            }
        }
        #expect(
            server.requests.map { $0["error.code"] } == ["invalid_request", "engine_failed", "engine_unavailable"]
        )
        #expect(server.requests.map { $0["error.message"] } == [nil, nil, "It is 'Secret'."])
    }

    @Test("Clients that left and clients that were cut off are told apart in the log")
    func broken() async throws {
        var limits = APILimits()
        limits.writeStall = .milliseconds(50)
        let (one, endless) = (FakeStream(.audio(.sample), .silence), FakeStream { _ in .audio(.sample) })
        let synthesizer = FakeSynthesizer { .success($0.text == "Left." ? one : endless) }
        let server = try await TestServer.run(synthesizer, limits: limits) { server in
            let left = try await HTTPConnection.open(port: server.port)
            try await left.send("POST", "/v1/audio/speech", body: #"{"input": "Left.", "response_format": "pcm"}"#)
            await left.waitForBytes()
            try await left.close()
            let stalled = try await HTTPConnection.open(port: server.port, reads: false)
            try await stalled.send("POST", "/v1/audio/speech", body: #"{"input": "Cut.", "response_format": "pcm"}"#)
            await one.cancelled.wait()
            await endless.cancelled.wait()
        }
        #expect(server.requests.map { $0["http.status"] } == ["499", "499"])
        #expect(Set(server.requests.map { $0["error.code"] }) == ["client_gone", "write_stalled"])
    }
}
