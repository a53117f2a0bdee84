import SpeechCore
import Testing

@testable import SpeechAPI

@Suite("API keys over HTTP", .timeLimit(.minutes(1)))
struct KeyTests {
    private static let secret = "sk-chorus-amy"
    private static let body = #"{"input": "Hi.", "response_format": "pcm"}"#

    private func bearer(_ key: String = secret) -> String { "Authorization: Bearer \(key)\r\n" }

    /// Amy's key, and another before and behind it.
    private func keys(_ change: (inout APIKey) -> Void = { _ in }) -> APIKeys {
        var amy = APIKey(name: "amy", digest: KeyDigest(of: Self.secret))
        change(&amy)
        let others = ["bob", "cem"].map { APIKey(name: $0, digest: KeyDigest(of: $0)) }
        return APIKeys([others[0], amy, others[1]])
    }

    @Test("A digest is SHA-256, is read as it is written, and matches only itself")
    func digests() throws {
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let digest = KeyDigest(of: "abc")
        #expect(digest.description == text)
        #expect(KeyDigest(text) == digest)
        #expect(KeyDigest("sha256:" + text.dropFirst(7).uppercased()) == digest)
        #expect(digest.matches(digest) && !digest.matches(KeyDigest(of: "abd")))
        for wrong in ["", "abc", String(text.dropFirst(7)), String(text.dropLast()), text + "0", "sha256:" + text] {
            #expect(KeyDigest(wrong) == nil)
        }
        #expect(KeyDigest(String(text.dropLast()) + "g") == nil)
    }

    @Test("A key is nobody's, or its holder's, wherever it stands among the others")
    func holders() {
        let keys = keys()
        for (secret, name) in [(Self.secret, "amy"), ("bob", "bob"), ("cem", "cem")] {
            #expect(keys.holder(of: secret)?.key.name == name)
        }
        #expect(keys.holder(of: "") == nil)
        #expect(keys.holder(of: "amy") == nil)
    }

    @Test(
        "The scheme's case and further spaces do not matter, another scheme does",
        arguments: [
            ("Bearer a", "a"), ("bearer a", "a"), ("BEARER   a", "a"), ("Bearer a b", "a b"), ("Bearer", nil),
            ("Basic a", nil), ("a", nil), ("", nil), (nil, nil),
        ] as [(String?, String?)]
    )
    func bearers(field: String?, token: String?) {
        #expect(SpeechAPI.bearer(field) == token)
    }

    @Test("Without the right key nothing is answered but health and metrics")
    func refused() async throws {
        let synthesizer = FakeSynthesizer(FakeStream(.audio(.sample)))
        let server = try await TestServer.run(synthesizer, keys: keys()) { server in
            for fields in ["", bearer("wrong"), "Authorization: Basic \(Self.secret)\r\n", bearer() + bearer()] {
                for (method, path) in [
                    ("POST", "/v1/audio/speech"), ("GET", "/v1/models"), ("GET", "/v1/models/espeak"),
                    ("GET", "/v1/audio/voices"), ("POST", "/v1/audio/voices"), ("DELETE", "/v1/audio/voices/amy"),
                    ("GET", "/v1/pool"), ("GET", "/v1/nothing"), ("PUT", "/v1/audio/speech"), ("OPTIONS", "/v1/pool"),
                ] {
                    let reply = try await server.ask(method, path, body: Self.body, fields: fields)
                    #expect(reply.status == 401, "\(method) \(path)")
                    #expect(reply.fields["www-authenticate"] == "Bearer")
                    let error = try ErrorReply(reply).error
                    #expect(error.code == "invalid_api_key" && error.type == "invalid_request_error")
                    #expect(error.param == nil && error.message.contains("key"))
                }
            }
            for path in ["/health/live", "/health/ready", "/metrics"] {
                #expect(try await server.ask("GET", path).status == 200)
            }
        }
        #expect(synthesizer.utterances.isEmpty && synthesizer.makings.isEmpty && synthesizer.deletions.isEmpty)
        #expect(!server.logged.contains("sk-chorus"))
    }

    @Test("A key may come in the fields that other APIs use; the log has it neither way")
    func otherFields() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        let server = try await TestServer.run(synthesizer, keys: keys()) { server in
            for name in ["X-API-Key", "x-api-key", "api-key", "Authorization: Basic YTpi\r\nX-API-Key"] {
                let known = try await server.speak(Self.body, fields: "\(name): \(Self.secret)\r\n")
                #expect(known.status == 200)
                let unknown = try await server.speak(Self.body, fields: "\(name): wrong\r\n")
                #expect(unknown.status == 401)
            }
            let both = try await server.speak(Self.body, fields: "X-API-Key: \(Self.secret)\r\n" + bearer("wrong"))
            #expect(both.status == 401)
        }
        #expect(synthesizer.utterances.map(\.tenant) == ["amy", "amy", "amy", "amy"])
        #expect(!server.logged.contains("sk-chorus"))
    }

    @Test("With the right key all is as ever, and its name is the tenant's; the log has the name, never the key")
    func accepted() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        let server = try await TestServer.run(synthesizer, keys: keys()) { server in
            let reply = try await server.speak(Self.body, fields: bearer())
            #expect(reply.status == 200 && reply.body == PCM.sample.bytes)
            #expect(!reply.fields.keys.contains { $0.hasPrefix("x-ratelimit") })
            #expect(try await server.speak(Self.body, fields: bearer("cem")).status == 200)
            #expect(try await server.ask("GET", "/v1/models", fields: bearer("bob")).status == 200)
        }
        #expect(synthesizer.utterances.map(\.tenant) == ["amy", "cem"])
        #expect(server.requests.map { $0["tenant.name"] } == ["amy", "cem", "bob"])
        #expect(!server.logged.contains("sk-chorus"))
    }

    @Test("Without keys a key is ignored, and the tenant has no name")
    func open() async throws {
        let synthesizer = FakeSynthesizer(FakeStream(.audio(.sample)))
        let server = try await TestServer.run(synthesizer) { server in
            let reply = try await server.speak(Self.body, fields: bearer("whatever"))
            #expect(reply.status == 200)
        }
        #expect(synthesizer.utterances.map(\.tenant) == [Utterance.anonymousTenant])
        #expect(server.requests.first?["tenant.name"] == nil)
    }

    @Test("A class that the key may not use is refused; one that is not named is the first that it may")
    func classes() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        for (classes, expected) in [
            ([.standard, .bulk], .standard), ([.bulk], .bulk), ([.bulk, .interactive], .interactive),
        ] as [(Set<Priority>, Priority)] {
            try await TestServer.run(synthesizer, keys: keys { $0.classes = classes }) { server in
                #expect(try await server.speak(Self.body, fields: bearer()).status == 200)
                #expect(synthesizer.utterances.last?.priority == expected)
                for priority in Priority.allCases {
                    let body = #"{"input": "Hi.", "response_format": "pcm", "priority": "\#(priority.rawValue)"}"#
                    let reply = try await server.speak(body, fields: bearer())
                    guard !classes.contains(priority) else {
                        #expect(reply.status == 200 && synthesizer.utterances.last?.priority == priority)
                        continue
                    }
                    #expect(reply.status == 403)
                    let error = try ErrorReply(reply).error
                    #expect(error.code == "priority_not_allowed" && error.param == "priority")
                    #expect(error.message.contains("`\(expected.rawValue)`"))
                }
            }
        }
    }

    @Test("How fast the audio is played is what the header says, else the key, else the class")
    func playback() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        func body(_ priority: String) -> String {
            #"{"input": "Hi.", "response_format": "pcm", "priority": "\#(priority)"}"#
        }
        try await TestServer.run(synthesizer, keys: keys { $0.playback = .asap }) { server in
            _ = try await server.speak(Self.body, fields: bearer())
            _ = try await server.speak(Self.body, fields: bearer() + "X-Playback: realtime\r\n")
            for priority in Priority.allCases {
                _ = try await server.speak(body(priority.rawValue), fields: bearer("bob"))
            }
        }
        #expect(synthesizer.utterances.map(\.playback) == [.asap, .realtime, nil, nil, .asap])
    }

    @Test("More requests than the rate are refused until there is room, and responses tell what is left")
    func rate() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        // The clock is a real one: a minute is time enough for all of this.
        try await TestServer.run(synthesizer, keys: keys { $0.limits.requestsPerMinute = 1 }) { server in
            let first = try await server.speak(Self.body, fields: bearer())
            #expect(first.status == 200)
            #expect(first.fields["x-ratelimit-limit-requests"] == "1")
            #expect(first.fields["x-ratelimit-remaining-requests"] == "0")
            #expect(first.fields["x-ratelimit-reset-requests"]?.hasSuffix("s") == true)

            let second = try await server.speak(Self.body, fields: bearer())
            #expect(second.status == 429)
            let error = try ErrorReply(second).error
            #expect(error.code == "rate_limit_exceeded" && error.type == "rate_limit_error")
            #expect(error.message.contains("1 requests a minute"))
            let wait = try #require(second.fields["retry-after"].flatMap { Int($0) })
            #expect((1...60).contains(wait))
            #expect(second.fields["x-ratelimit-remaining-requests"] == "0")

            let voice = #"{"name": "amy", "seed": 7}"#
            let refused = try await server.ask("POST", "/v1/audio/voices", body: voice, fields: bearer())
            #expect(refused.status == 429 && refused.fields["x-ratelimit-remaining-requests"] == "0")
            let list = try await server.ask("GET", "/v1/audio/voices", fields: bearer())
            #expect(list.status == 200 && list.fields["x-ratelimit-limit-requests"] == nil)
            #expect(try await server.ask("GET", "/v1/models", fields: bearer()).status == 200)
            #expect(try await server.speak(Self.body, fields: bearer("bob")).status == 200)
        }
        #expect(synthesizer.utterances.count == 2 && synthesizer.makings.isEmpty)
    }

    @Test("A day's characters are counted in code points, and refused with the time until midnight")
    func characters() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        try await TestServer.run(synthesizer, keys: keys { $0.limits.charactersPerDay = 5 }) { server in
            #expect(try await server.speak(#"{"input": "你好。"}"#, fields: bearer()).status == 200)
            let refused = try await server.speak(#"{"input": "你好。"}"#, fields: bearer())
            #expect(refused.status == 429)
            #expect(try ErrorReply(refused).error.code == "characters_exhausted")
            #expect(try ErrorReply(refused).error.message.contains("2 are left"))
            let wait = try #require(refused.fields["retry-after"].flatMap { Int($0) })
            #expect((1...86_400).contains(wait))
            #expect(try await server.speak(#"{"input": "你好"}"#, fields: bearer()).status == 200)

            let tooLong = try await server.speak(#"{"input": "123456"}"#, fields: bearer())
            #expect(tooLong.status == 400 && tooLong.fields["retry-after"] == nil)
            let error = try ErrorReply(tooLong).error
            #expect(error.param == "input" && error.code == "invalid_request" && error.message.contains("5 characters"))
        }
    }

    @Test("More requests in the making than allowed are refused; one that is cut off makes room")
    func concurrency() async throws {
        let stream = FakeStream(.audio(.sample), .silence)
        let synthesizer = FakeSynthesizer { utterance in
            .success(utterance.text == "Hi." ? FakeStream(.audio(.sample)) : stream)
        }
        let keys = keys { $0.limits.concurrent = 1 }
        try await TestServer.run(synthesizer, keys: keys) { server in
            let slow = try await HTTPConnection.open(port: server.port)
            let body = #"{"input": "Slow.", "response_format": "pcm"}"#
            try await slow.send("POST", "/v1/audio/speech", body: body, fields: bearer())
            await stream.waited.wait()

            let refused = try await server.speak(Self.body, fields: bearer())
            #expect(refused.status == 429 && refused.fields["retry-after"] == "1")
            #expect(try ErrorReply(refused).error.code == "concurrency_limit_exceeded")
            #expect(try await server.speak(Self.body, fields: bearer("bob")).status == 200)

            try await slow.close()
            await stream.cancelled.wait()
            // There is room a moment after the work has been cancelled.
            var status = 429
            while status == 429 { status = try await server.speak(Self.body, fields: bearer()).status }
            #expect(status == 200)
            // And only once: the place of the one that was cut off is not given back again.
            #expect(try await server.speak(Self.body, fields: bearer()).status == 200)
        }
    }

    @Test("A permit is over once, whoever says so and how often")
    func permits() throws {
        let keys = keys { $0.limits.concurrent = 2 }
        let amy = try #require(keys.holder(of: Self.secret))
        let now = KeyUsage.Moment.now
        let first = try keys.admit(amy, characters: 1, at: now)
        let second = try keys.admit(amy, characters: 1, at: now)
        #expect(throws: KeyUsage.Refusal.concurrency) { try keys.admit(amy, characters: 1, at: now) }
        first.refund()
        first.end()
        first.refund()
        let third = try keys.admit(amy, characters: 1, at: now)
        #expect(throws: KeyUsage.Refusal.concurrency) { try keys.admit(amy, characters: 1, at: now) }
        second.end()
        third.end()
    }

    @Test(
        "What comes to nothing by no doing of its caller has used up nothing, other trouble has",
        arguments: [
            (.queueFull, true), (.tenantLimit, true), (.overloaded, true), (.waitedTooLong, true),
            (.memoryShort, true), (.engineUnavailable, true), (.shuttingDown, true), (.modelNotFound, true),
            (.voiceNotFound, true), (.engineFailed, true), (.storageFailed, true), (.invalidRequest, false),
            (.refusedByEngine, false), (.tooLarge, false), (.deadlineExceeded, false), (.voiceConflict, false),
        ] as [(SpeechError.Code, Bool)]
    )
    func refunds(code: SpeechError.Code, isRefunded: Bool) async throws {
        let error = SpeechError(code, "This is why.")
        let synthesizer = FakeSynthesizer { utterance in
            utterance.text == "At once." ? .failure(error) : .success(FakeStream(.failure(error)))
        } making: { _ in
            error
        }
        let limits: (inout APIKey) -> Void = {
            $0.limits.requestsPerMinute = 1
            $0.limits.charactersPerDay = 8
        }
        let left = isRefunded ? "1" : "0"
        for text in ["At once.", "Later."] {
            try await TestServer.run(synthesizer, keys: keys(limits)) { server in
                let reply = try await server.speak(#"{"input": "\#(text)"}"#, fields: bearer())
                #expect(reply.status >= 400 && reply.fields["x-ratelimit-remaining-requests"] == left)
                let again = try await server.speak(#"{"input": "At once."}"#, fields: bearer())
                #expect(try (ErrorReply(again).error.code == code.description) == isRefunded)
            }
        }
        try await TestServer.run(synthesizer, keys: keys(limits)) { server in
            let body = #"{"name": "amy", "seed": 7}"#
            let reply = try await server.ask("POST", "/v1/audio/voices", body: body, fields: bearer())
            #expect(reply.status >= 400 && reply.fields["x-ratelimit-remaining-requests"] == left)
        }
    }

    @Test("What breaks after some of it was made counts")
    func broken() async throws {
        let broken = SpeechError(.engineFailed, "It died.")
        let synthesizer = FakeSynthesizer { _ in
            .success(FakeStream(.audio(.sample), .failure(broken), segmentCount: 1))
        }
        try await TestServer.run(synthesizer, keys: keys { $0.limits.requestsPerMinute = 1 }) { server in
            let body = #"{"input": "Hi.", "response_format": "wav"}"#
            let reply = try await server.speak(body, fields: bearer())
            #expect(reply.status == 500)
            #expect(try await server.speak(Self.body, fields: bearer()).status == 429)
        }
    }

    @Test("A voice is made for the key's tenant, in its default class")
    func voices() async throws {
        let synthesizer = FakeSynthesizer()
        let body = #"{"name": "x", "seed": 7}"#
        try await TestServer.run(synthesizer, keys: keys { $0.classes = [.bulk] }) { server in
            for key in [Self.secret, "bob"] {
                let reply = try await server.ask("POST", "/v1/audio/voices", body: body, fields: bearer(key))
                #expect(reply.status == 200)
            }
        }
        #expect(synthesizer.makings.map(\.tenant) == ["amy", "bob"])
        #expect(synthesizer.makings.map(\.priority) == [.bulk, .standard])
    }

    @Test("A body that asks for no voice costs nothing")
    func voiceBodies() async throws {
        let synthesizer = FakeSynthesizer()
        try await TestServer.run(synthesizer, keys: keys { $0.limits.requestsPerMinute = 1 }) { server in
            for (body, status, left) in [("{}", 400, "1"), (#"{"name": "amy", "seed": 7}"#, 200, "0")] {
                let reply = try await server.ask("POST", "/v1/audio/voices", body: body, fields: bearer())
                #expect(reply.status == status && reply.fields["x-ratelimit-remaining-requests"] == left)
            }
        }
    }

    @Test(
        "Durations are short, and rounded up",
        arguments: [
            (.zero, "0ms"), (.microseconds(1), "1ms"), (.milliseconds(20), "20ms"), (.seconds(1), "1s"),
            (.milliseconds(1_500), "1.5s"), (.seconds(60), "1m0s"), (.milliseconds(90_250), "1m30.25s"),
            (.seconds(18_001), "5h0m1s"),
        ] as [(Duration, String)]
    )
    func durations(duration: Duration, text: String) {
        #expect(SpeechAPI.shortText(duration) == text)
    }
}
