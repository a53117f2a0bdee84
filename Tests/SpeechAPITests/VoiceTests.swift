import AudioEncoding
import FoundationEssentials
import SpeechAPI
import SpeechCore
import Testing

@Suite("Voices over HTTP", .timeLimit(.minutes(1)))
struct VoiceTests {
    private static let path = "/v1/audio/voices"

    private func make(_ body: String, on server: TestServer, fields: String = "") async throws -> HTTPReply {
        try await server.ask("POST", Self.path, body: body, fields: fields)
    }

    @Test("A voice is made from a seed or a code, and answered as OpenAI answers with its own")
    func json() async throws {
        let synthesizer = FakeSynthesizer()
        try await TestServer.run(synthesizer) { server in
            let seed = try await make(#"{"name": "amy", "seed": -7, "other": [1], "description": "Warm."}"#, on: server)
            #expect(seed.status == 200)
            #expect(seed.fields["content-type"] == "application/json")
            let amy = #"{"created_at":1700000000,"description":"Warm.","id":"amy","name":"amy","object":"audio.voice"}"#
            #expect(seed.text == amy)
            let code = try await make(#"{"name": "b", "model": "tts-1/a", "speaker_code": "蘁淰"}"#, on: server)
            #expect(code.text == #"{"created_at":1700000000,"id":"b","name":"b","object":"audio.voice"}"#)
        }
        #expect(
            synthesizer.makings == [
                .init(name: "amy", model: nil, recipe: .seed(-7), description: "Warm."),
                .init(name: "b", model: "tts-1/a", recipe: .code("蘁淰"), description: nil),
            ]
        )
    }

    @Test("A voice is made from a recording in a form; fields that mean nothing here are ignored, and empty ones")
    func form() async throws {
        let synthesizer = FakeSynthesizer()
        try await TestServer.run(synthesizer) { server in
            let form = try Form.recording(
                .recording,
                [
                    ("name", "amy"), ("text", "Saw, 你好."), ("model", "espeak"), ("consent", "cons_1"), ("consent", "2"),
                    ("description", "Warm."), ("seed", ""), ("speaker_code", ""),
                ]
            )
            let reply = try await server.send(form.bytes, to: Self.path)
            #expect(reply.status == 200)
            #expect(reply.text.contains(#""id":"amy""#))
            var seed = Form()
            seed.add("name", "bob".utf8)
            seed.add("seed", "42".utf8)
            seed.add("audio_sample", [], file: "")
            #expect(try await server.send(seed.bytes, to: Self.path).status == 200)
        }
        let recipe = VoiceRecipe.recording(.recording, text: "Saw, 你好.")
        #expect(
            synthesizer.makings == [
                .init(name: "amy", model: "espeak", recipe: recipe, description: "Warm."),
                .init(name: "bob", model: nil, recipe: .seed(42), description: nil),
            ]
        )
    }

    @Test("What is wrong with a request for a voice is told with the field, and nothing is made")
    func wrong() async throws {
        let synthesizer = FakeSynthesizer()
        try await TestServer.run(synthesizer) { server in
            let long = String(repeating: "x", count: 70_000)
            for (body, param) in [
                ("", nil), ("[]", nil), ("{", nil), (#"{"seed": 1}"#, "name"), (#"{"name": "", "seed": 1}"#, "name"),
                (#"{"name": 7, "seed": 1}"#, "name"), (#"{"name": "a"}"#, "seed"),
                (#"{"name": "a", "seed": 1.5}"#, "seed"),
                (#"{"name": "a", "seed": "1"}"#, "seed"), (#"{"name": "a", "speaker_code": ""}"#, "seed"),
                (#"{"name": "a", "seed": 1, "speaker_code": "x"}"#, "speaker_code"),
                (#"{"name": "a", "audio_sample": "x"}"#, "audio_sample"),
                (#"{"name": "a", "seed": 1, "description": "\#(long)"}"#, "description"),
                (#"{"name": "a", "speaker_code": "\#(long)"}"#, "speaker_code"),
            ] as [(String, String?)] {
                let reply = try await make(body, on: server)
                #expect(reply.status == 400)
                let error = try ErrorReply(reply).error
                #expect(error.param == param && error.code == "invalid_request", "\(body.prefix(80))")
            }
        }
        #expect(synthesizer.makings.isEmpty)
    }

    @Test("What is wrong with a form is told with the field, and nothing is made")
    func wrongForm() async throws {
        let synthesizer = FakeSynthesizer()
        let short = PCM(samples: Array(PCM.recording.samples.prefix(12_000)), sampleRate: 24_000)
        let text = ("text", "Hi.")
        try await TestServer.run(synthesizer) { server in
            for (recording, fields, param, message) in [
                (.recording, [("name", "a")], "text", "missing"),
                (.recording, [("name", "a"), ("text", " \n")], "text", "missing"),
                (.recording, [("name", "a"), ("text", String(repeating: "é", count: 2_001))], "text", "2000"),
                (.recording, [("name", "a"), text, ("seed", "1")], "audio_sample", "exactly one"),
                (.recording, [("name", "a"), text, ("seed", "x")], "seed", "integer"),
                (.recording, [("name", "a"), ("name", "b"), text], "name", "2 times"),
                (.recording, [text], "name", "missing"), (short, [("name", "a"), text], "audio_sample", "0.5 seconds"),
            ] as [(PCM, [(String, String)], String, String)] {
                let reply = try await server.send(Form.recording(recording, fields).bytes, to: Self.path)
                #expect(reply.status == 400)
                let error = try ErrorReply(reply).error
                #expect(error.param == param && error.message.contains(message), "\(error)")
            }
            var mp3 = Form()
            mp3.add("name", "a".utf8)
            mp3.add("text", "Hi.".utf8)
            mp3.add("audio_sample", try PCM.recording.encoded(.mp3), file: "a.mp3")
            let error = try await ErrorReply(server.send(mp3.bytes, to: Self.path)).error
            #expect(error.param == "audio_sample" && error.message.contains("ffmpeg"))
            var broken = Form()
            broken.add("name", [0xFF])
            #expect(try await ErrorReply(server.send(broken.bytes, to: Self.path)).error.param == "name")
            for type in ["multipart/form-data", "multipart/form-data; boundary=y", "multipart/form-data; boundary"] {
                let reply = try await make("--x--", on: server, fields: "Content-Type: \(type)\r\n")
                #expect(reply.status == 400)
            }
        }
        #expect(synthesizer.makings.isEmpty)
    }

    @Test("Recordings may be bigger than texts, but have their limit too")
    func sizes() async throws {
        var limits = APILimits()
        limits.maxBodyBytes = 1_000
        limits.maxRecordingBytes = 100_000
        let synthesizer = FakeSynthesizer()
        try await TestServer.run(synthesizer, limits: limits) { server in
            var form = try Form.recording(.recording, [("name", "amy"), ("text", "Hi.")])
            #expect(try await server.send(form.bytes, to: Self.path).status == 200)
            form.add("more", [UInt8](repeating: 0, count: 100_000))
            #expect(try await server.send(form.bytes, to: Self.path).status == 413)
            let text = String(repeating: "x", count: 1_000)
            #expect(try await make(#"{"name": "\#(text)", "seed": 1}"#, on: server).status == 413)
            #expect(try await server.send(Array("--x--".utf8), to: "/v1/audio/speech").status == 400)
        }
        #expect(synthesizer.makings.count == 1)
    }

    @Test(
        "What keeps a voice from being made has a status of its own",
        arguments: [
            (SpeechError.Code.voiceConflict, 409), (.invalidRequest, 400), (.refusedByEngine, 400),
            (.modelNotFound, 404), (.queueFull, 503), (.engineUnavailable, 503), (.storageFailed, 500),
        ]
    )
    func statuses(code: SpeechError.Code, status: Int) async throws {
        let synthesizer = FakeSynthesizer(making: { _ in SpeechError(code, "This is why.") })
        try await TestServer.run(synthesizer) { server in
            let reply = try await make(#"{"name": "amy", "seed": 7}"#, on: server)
            #expect(reply.status == status)
            let error = try ErrorReply(reply).error
            #expect(error.code == code.description && error.message == "This is why.")
        }
    }

    @Test("Few voices are made at once, and room is made when one is done")
    func places() async throws {
        var limits = APILimits()
        limits.maxVoiceRequests = 1
        let (began, goOn) = (Signal(), Signal())
        let synthesizer = FakeSynthesizer(making: { name in
            guard name == "slow" else { return nil }
            began.fire()
            await goOn.wait()
            return SpeechError(.refusedByEngine, "No.")
        })
        try await TestServer.run(synthesizer, limits: limits) { server in
            let slow = try await HTTPConnection.open(port: server.port)
            try await slow.send("POST", Self.path, body: #"{"name": "slow", "seed": 1}"#)
            await began.wait()
            let refused = try await make(#"{"name": "amy", "seed": 7}"#, on: server)
            #expect(refused.status == 503)
            #expect(refused.fields["retry-after"] == "1")
            goOn.fire()
            #expect(try await slow.reply().status == 400)
            try await slow.close()
            #expect(try await make(#"{"name": "amy", "seed": 7}"#, on: server).status == 200)
        }
        #expect(synthesizer.makings.map(\.name) == ["slow", "amy"])
    }

    @Test("A voice whose caller leaves is not made, and its place is free")
    func callerLeaves() async throws {
        var limits = APILimits()
        limits.maxVoiceRequests = 1
        let (began, cancelled) = (Signal(), Signal())
        let synthesizer = FakeSynthesizer(making: { name in
            guard name == "slow" else { return nil }
            await withTaskCancellationHandler {
                began.fire()
                await cancelled.wait()
            } onCancel: {
                cancelled.fire()
            }
            return .cancelled
        })
        try await TestServer.run(synthesizer, limits: limits) { server in
            let slow = try await HTTPConnection.open(port: server.port)
            try await slow.send("POST", Self.path, body: #"{"name": "slow", "seed": 1}"#)
            await began.wait()
            try await slow.close()
            await cancelled.wait()
            // The place is free a moment after its work has been cancelled.
            var status = 503
            while status == 503 { status = try await make(#"{"name": "amy", "seed": 7}"#, on: server).status }
            #expect(status == 200)
        }
    }

    @Test("A voice is deleted by its place, of the default engine or of another model's")
    func deletion() async throws {
        let synthesizer = FakeSynthesizer()
        try await TestServer.run(synthesizer) { server in
            let reply = try await server.ask("DELETE", Self.path + "/amy")
            #expect(reply.status == 200)
            #expect(reply.text == #"{"deleted":true,"id":"amy","object":"audio.voice"}"#)
            #expect(try await server.ask("DELETE", Self.path + "/a%20b?model=tts-1%2Fa").status == 200)
        }
        #expect(synthesizer.deletions == [.init(name: "amy", model: nil), .init(name: "a b", model: "tts-1/a")])
    }

    @Test(
        "What keeps a voice from being deleted has a status of its own",
        arguments: [
            (SpeechError.Code.voiceNotFound, 404), (.invalidRequest, 400), (.modelNotFound, 404), (.storageFailed, 500),
        ]
    )
    func deletionStatuses(code: SpeechError.Code, status: Int) async throws {
        let synthesizer = FakeSynthesizer(deleting: { _ in SpeechError(code, "This is why.", param: "name") })
        let server = try await TestServer.run(synthesizer) { server in
            let reply = try await server.ask("DELETE", Self.path + "/amy")
            #expect(reply.status == status)
            let error = try ErrorReply(reply).error
            #expect(error.code == code.description && error.param == "name")
        }
        #expect(server.requests.first?["http.route"] == "/v1/audio/voices/{name}")
    }

    @Test("Each place knows its methods")
    func methods() async throws {
        try await TestServer.run(FakeSynthesizer()) { server in
            let all = try await server.ask("OPTIONS", Self.path)
            #expect(all.fields["allow"] == "GET, HEAD, POST, OPTIONS")
            #expect(try await server.ask("DELETE", Self.path).status == 405)
            let one = try await server.ask("GET", Self.path + "/amy")
            #expect(one.status == 405)
            #expect(one.fields["allow"] == "DELETE, OPTIONS")
            #expect(try await server.ask("HEAD", Self.path).status == 200)
        }
    }
}
