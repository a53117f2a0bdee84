import FoundationEssentials
import HTTPTypes
import SpeechCore
import Testing

@testable import SpeechAPI

/// OpenAI's error object.
struct ErrorReply: Decodable {
    struct Details: Decodable {
        var message: String
        var type: String
        var param: String?
        var code: String
        var predictedWait: Double?

        enum CodingKeys: String, CodingKey {
            case message, type, param, code
            case predictedWait = "predicted_wait"
        }
    }

    var error: Details

    init(_ reply: HTTPReply) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(reply.body))
    }
}

@Suite("Errors over HTTP", .timeLimit(.minutes(1)))
struct ErrorTests {
    @Test(
        "Trouble before the first audio has a status of its own",
        arguments: [
            (SpeechError.Code.invalidRequest, 400, "invalid_request_error", "input"),
            (.refusedByEngine, 400, "invalid_request_error", nil),
            (.voiceNotFound, 400, "invalid_request_error", "voice"),
            (.modelNotFound, 404, "invalid_request_error", "model"),
            (.tenantLimit, 429, "rate_limit_error", nil),
            (.queueFull, 503, "server_error", nil),
            (.waitedTooLong, 503, "server_error", nil),
            (.overloaded, 503, "server_error", nil),
            (.deadlineExceeded, 504, "server_error", nil),
            (.engineUnavailable, 503, "server_error", nil),
            (.shuttingDown, 503, "server_error", nil),
            (.engineFailed, 500, "server_error", nil),
        ] as [(SpeechError.Code, Int, String, String?)]
    )
    func statuses(code: SpeechError.Code, status: Int, type: String, param: String?) async throws {
        let trouble = SpeechError(
            code,
            "This is why.",
            param: code == .invalidRequest ? "input" : nil,
            retryAfter: .milliseconds(1_200)
        )
        let synthesizer = FakeSynthesizer { utterance in
            utterance.text == "At once." ? .failure(trouble) : .success(FakeStream(.failure(trouble)))
        }
        try await TestServer.run(synthesizer) { server in
            for text in ["At once.", "Later."] {
                let reply = try await server.speak(#"{"input": "\#(text)"}"#)
                #expect(reply.status == status)
                #expect(reply.fields["content-type"] == "application/json")
                #expect(reply.fields["retry-after"] == "2")
                #expect(reply.fields["x-request-id"]?.hasPrefix("req_") == true)
                let error = try ErrorReply(reply).error
                #expect(error.message == "This is why.")
                #expect(error.type == type)
                #expect(error.code == code.description)
                #expect(error.param == param)
            }
        }
    }

    @Test("How long a refused request would have waited is in the error, if it is known")
    func predictedWait() async throws {
        let synthesizer = FakeSynthesizer { utterance in
            let wait: Duration? = utterance.text == "Known." ? .milliseconds(12_340) : nil
            return .failure(SpeechError(.overloaded, "Too much to do.", predictedWait: wait))
        }
        try await TestServer.run(synthesizer) { server in
            let known = try await server.speak(#"{"input": "Known."}"#)
            #expect(known.text.contains(#""predicted_wait":12.3"#))
            #expect(try ErrorReply(known).error.predictedWait == 12.3)
            #expect(try await !server.speak(#"{"input": "Unknown."}"#).text.contains("predicted_wait"))
        }
    }

    @Test("A wrong request is told so, and reaches no engine")
    func wrongRequests() async throws {
        let synthesizer = FakeSynthesizer(FakeStream())
        try await TestServer.run(synthesizer) { server in
            for (body, param) in [("{", nil), (#"{"input": ""}"#, "input"), (#"{"input": "a", "speed": 9}"#, "speed")] {
                let reply = try await server.speak(body)
                #expect(reply.status == 400)
                let error = try ErrorReply(reply).error
                #expect(error.param == param && error.code == "invalid_request")
            }
        }
        #expect(synthesizer.utterances.isEmpty)
    }

    @Test("A body that is too large is refused, before it is read if it says so")
    func tooLarge() async throws {
        var limits = APILimits()
        limits.maxBodyBytes = 1_000
        let synthesizer = FakeSynthesizer(FakeStream())
        try await TestServer.run(synthesizer, limits: limits) { server in
            let post = "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
            let announced = try await HTTPConnection.open(port: server.port)
            try await announced.send(post + "Content-Length: 1001\r\n\r\n")
            let early = try await announced.reply()
            #expect(early.status == 413)
            #expect(try ErrorReply(early).error.code == "request_too_large")
            try await announced.close()

            let chunked = try await HTTPConnection.open(port: server.port)
            try await chunked.send(post + "Transfer-Encoding: chunked\r\n\r\n")
            let chunk = String(repeating: " ", count: 0x200)
            try await chunked.send("200\r\n\(chunk)\r\n200\r\n\(chunk)\r\n")
            #expect(try await chunked.reply().status == 413)
            // One that goes on for ever is cut off.
            try await chunked.send("200\r\n\(chunk)\r\n200\r\n\(chunk)\r\n")
            await chunked.waitForClose()
        }
        #expect(synthesizer.utterances.isEmpty)
    }

    @Test("A compressed body is a 415 that names how; one that says it is not is read")
    func compressed() async throws {
        try await TestServer.run(FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }) { server in
            for coding in ["gzip", "GZIP", "br, gzip"] {
                let reply = try await server.speak(#"{"input": "Hi."}"#, fields: "Content-Encoding: \(coding)\r\n")
                #expect(reply.status == 415)
                #expect(reply.fields["accept-encoding"] == "identity")
                let error = try ErrorReply(reply).error
                #expect(error.code == "unsupported_content_encoding" && error.message.contains("`\(coding)`"))
            }
            let plain = try await server.speak(#"{"input": "Hi."}"#, fields: "Content-Encoding: identity\r\n")
            #expect(plain.status == 200)
        }
    }

    @Test(
        "A path beside the right one is a 404 that names the right one",
        arguments: [
            ("//v1/audio/speech", "/v1/audio/speech"), ("/v1//audio/speech", "/v1/audio/speech"),
            ("/audio/speech", "/v1/audio/speech"), ("/v1/v1/models", "/v1/models"), ("/models/a", "/v1/models/a"),
            ("/v1", nil), ("/", nil), ("/chat", nil),
        ]
    )
    func near(path: String, right: String?) {
        #expect(Route(path: path[...]) == nil)
        let message = APIError.noRoute(.post, path[...]).message
        #expect(message.contains(right.map { "Do you mean \($0)?" } ?? "Speech is at POST /v1/audio/speech."))
    }

    @Test("An unknown place is a 404 that names it, a wrong method a 405 that names the right ones")
    func places() async throws {
        try await TestServer.run(FakeSynthesizer(FakeStream())) { server in
            let nowhere = try await server.ask("GET", "/v1/chat?x=1")
            #expect(nowhere.status == 404)
            #expect(try ErrorReply(nowhere).error.message.contains("GET /v1/chat."))

            let wrong = try await server.ask("GET", "/v1/audio/speech")
            #expect(wrong.status == 405)
            #expect(wrong.fields["allow"] == "POST, OPTIONS")
            #expect(try ErrorReply(wrong).error.code == "method_not_allowed")

            #expect(try await server.ask("PROPFIND", "/v1/models").status == 405)
            #expect(try await server.ask("HEAD", "/v1/audio/speech").status == 405)
        }
    }

    @Test("What nobody foresaw is a 500 without a word of what it was")
    func unexpected() async throws {
        // The encoder does not put up with an engine that speaks at such a rate.
        let strange = PCM(samples: [0], sampleRate: 1)
        let server = try await TestServer.run(FakeSynthesizer(FakeStream(.audio(strange)))) { server in
            let reply = try await server.speak(#"{"input": "Hi.", "response_format": "pcm"}"#)
            #expect(reply.status == 500)
            let id = try #require(reply.fields["x-request-id"])
            let error = try ErrorReply(reply).error
            #expect(error.code == "internal_error")
            #expect(error.message.contains(id))
            #expect(!error.message.contains("sample"))
        }
        #expect(server.requests.first?["error.message"]?.contains("sample") == true)
    }
}
