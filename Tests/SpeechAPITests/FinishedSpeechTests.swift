import AudioEncoding
import SpeechAPI
import SpeechCore
import Testing

@Suite("Speech that is sent when it is finished", .timeLimit(.minutes(1)))
struct FinishedSpeechTests {
    private static func body(_ format: AudioFormat, text: String = "One. Two.", more: String = "") -> String {
        #"{"input": "\#(text)", "response_format": "\#(format.rawValue)", "stream": false\#(more)}"#
    }

    private static func synthesizer(pieces: Int = 2, segments: Int = 2) -> FakeSynthesizer {
        FakeSynthesizer { _ in .success(FakeStream(segmentCount: segments) { $0 < pieces ? .audio(.sample) : nil }) }
    }

    /// A file of some pieces, as the encoder makes it.
    private static func file(_ format: AudioFormat, pieces: Int = 2, speed: Double = 1) throws -> [UInt8] {
        let encoder = try AudioEncoder(format: format, speed: speed, output: .file)
        var bytes: [UInt8] = []
        for _ in 0..<pieces { bytes += try encoder.encode(.sample) }
        bytes += try encoder.finish()
        bytes.replaceSubrange(..<encoder.beginning.count, with: encoder.beginning)
        return bytes
    }

    @Test("It is a whole file with its length", arguments: AudioFormat.allCases, [1, 1.5])
    func whole(format: AudioFormat, speed: Double) async throws {
        try await TestServer.run(Self.synthesizer()) { server in
            let reply = try await server.speak(Self.body(format, more: #", "speed": \#(speed)"#))
            #expect(reply.status == 200 && reply.isComplete && !reply.isChunked)
            #expect(reply.fields["content-type"] == format.contentType)
            #expect(reply.fields["content-length"] == "\(reply.body.count)")
            #expect(try reply.body == Self.file(format, speed: speed))
            let streamed = try await server.speak(
                #"{"input": "One. Two.", "response_format": "\#(format.rawValue)", "stream": true}"#
            )
            #expect(streamed.isChunked && streamed.isComplete)
        }
    }

    @Test("Silence is a file, too", arguments: AudioFormat.allCases)
    func nothing(format: AudioFormat) async throws {
        try await TestServer.run(Self.synthesizer(pieces: 0)) { server in
            let reply = try await server.speak(Self.body(format))
            #expect(reply.status == 200 && reply.isComplete && !reply.isChunked)
            #expect(reply.fields["content-length"] == "\(reply.body.count)")
        }
    }

    @Test("Trouble in the middle has a status of its own")
    func trouble() async throws {
        let stream = FakeStream(.audio(.sample), .failure(SpeechError(.engineFailed, "The engine died.")))
        let server = try await TestServer.run(FakeSynthesizer(stream)) { server in
            let reply = try await server.speak(Self.body(.mp3))
            #expect(reply.status == 500 && reply.isComplete)
            #expect(try ErrorReply(reply).error.code == "engine_failed")
        }
        #expect(server.requests.map { $0["http.status"] } == ["500"])
    }

    @Test("All that was remarked on the text is in the header")
    func notes() async throws {
        let stream = FakeStream(.audio(.sample), .audio(.sample), notes: ["So was %."])
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let reply = try await server.speak(Self.body(.flac))
            #expect(reply.fields["chorus-notes"] == #""So was %.""#)
            #expect(reply.fields["warning"]?.contains("So was %.") == true)
        }
    }

    @Test("Nobody plays it while it is made, unless the client says so")
    func playback() async throws {
        let synthesizer = Self.synthesizer()
        try await TestServer.run(synthesizer) { server in
            _ = try await server.speak(Self.body(.pcm))
            _ = try await server.speak(Self.body(.pcm), fields: "X-Playback: realtime\r\n")
            _ = try await server.speak(#"{"input": "Hi.", "stream": true}"#)
        }
        #expect(synthesizer.utterances.map(\.playback) == [.asap, .realtime, nil])
    }

    @Test("One that grows too large is refused with what helps, and is not made to its end")
    func tooLarge() async throws {
        var limits = APILimits()
        limits.maxFileBytes = 10_000
        let endless = FakeStream { _ in .audio(.sample) }
        let synthesizer = FakeSynthesizer { $0.text == "Long." ? .success(endless) : .success(FakeStream()) }
        try await TestServer.run(synthesizer, limits: limits) { server in
            let reply = try await server.speak(Self.body(.pcm, text: "Long."))
            #expect(reply.status == 400)
            let error = try ErrorReply(reply).error
            #expect(error.code == "audio_too_large" && error.param == "stream")
            #expect(error.message.contains("more than 10000 bytes"))
            await endless.cancelled.wait()
            #expect(endless.pulledBytes < 20_000)
        }
    }

    @Test("A wav of one segment that grows too large goes on as a stream")
    func goesOn() async throws {
        var limits = APILimits()
        limits.maxFileBytes = 10_000
        try await TestServer.run(Self.synthesizer(pieces: 20, segments: 1), limits: limits) { server in
            let reply = try await server.speak(#"{"input": "One.", "response_format": "wav"}"#)
            #expect(reply.status == 200 && reply.isChunked && reply.isComplete)
            #expect(reply.body.count == 44 + 20 * PCM.sample.byteCount)
            #expect(Array(reply.body[42..<44]) == [0xFF, 0xFF])
        }
    }

    @Test("All of them together have a limit, and what was sent or given up makes room")
    func together() async throws {
        var limits = APILimits()
        limits.maxFileTotalBytes = 3 * PCM.sample.byteCount
        let blocked = Signal()
        let slow = FakeStream(.audio(.sample), .audio(.sample), .wait(blocked), .audio(.sample))
        let synthesizer = FakeSynthesizer { utterance in
            .success(utterance.text == "Slow." ? slow : FakeStream(.audio(.sample), .audio(.sample)))
        }
        try await TestServer.run(synthesizer, limits: limits) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await connection.send("POST", "/v1/audio/speech", body: Self.body(.pcm, text: "Slow."))
            await slow.waited.wait()
            // On one connection, where a request is over when the next one begins.
            let other = try await HTTPConnection.open(port: server.port)
            for _ in 0..<2 {
                try await other.send("POST", "/v1/audio/speech", body: Self.body(.pcm))
                let reply = try await other.reply()
                #expect(reply.status == 503 && reply.fields["retry-after"] == "1")
                #expect(try ErrorReply(reply).error.code == "overloaded")
            }
            // A stream does not count as a finished file.
            try await other.send("POST", "/v1/audio/speech", body: #"{"input": "Hi.", "response_format": "pcm"}"#)
            #expect(try await other.reply().status == 200)
            blocked.fire()
            #expect(try await connection.reply().body.count == 3 * PCM.sample.byteCount)
            #expect(try await server.speak(Self.body(.pcm)).status == 200)
        }
    }
}
