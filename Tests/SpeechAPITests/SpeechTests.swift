import SpeechAPI
import SpeechCore
import Testing

@Suite("Speech over HTTP", .timeLimit(.minutes(1)))
struct SpeechTests {
    @Test("Every format streams with its media type, and mp3 is the default")
    func formats() async throws {
        for format in AudioFormat.allCases {
            let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample), .audio(.sample))) }
            try await TestServer.run(synthesizer) { server in
                let reply = try await server.speak(#"{"input": "Hi.", "response_format": "\#(format.rawValue)"}"#)
                #expect(reply.status == 200)
                #expect(reply.fields["content-type"] == format.contentType)
                #expect(reply.isChunked && reply.isComplete && !reply.body.isEmpty)
                if format == .mp3 {
                    let byDefault = try await server.speak(#"{"input": "Hi."}"#)
                    #expect(byDefault.body == reply.body)
                }
            }
        }
    }

    @Test("pcm is the samples themselves, and the utterance is what was asked")
    func pcm() async throws {
        let synthesizer = FakeSynthesizer(FakeStream(.audio(.sample), .audio(.sample)))
        try await TestServer.run(synthesizer) { server in
            let body =
                #"{"model": "espeak", "input": "Hi.", "voice": {"id": "alloy"}, "response_format": "pcm", "seed": 7}"#
            let reply = try await server.speak(body, fields: "X-Request-Id: abc-1\r\nAuthorization: Bearer none\r\n")
            #expect(reply.body == PCM.sample.bytes + PCM.sample.bytes)
            #expect(reply.fields["x-request-id"] == "abc-1")
            #expect(reply.fields["cache-control"] == "no-store")
            #expect(reply.fields["x-accel-buffering"] == "no")
        }
        let utterance = try #require(synthesizer.utterances.first)
        #expect(utterance.id == "abc-1")
        #expect(utterance.model == "espeak")
        #expect(utterance.text == "Hi.")
        #expect(utterance.voice == "alloy")
        #expect(utterance.engineOptions == ["seed": .integer(7)])
        #expect(utterance.tenant == Utterance.anonymousTenant)
    }

    @Test("Speed shortens the audio")
    func speed() async throws {
        try await TestServer.run(FakeSynthesizer(FakeStream(.audio(.sample), .audio(.sample)))) { server in
            let reply = try await server.speak(#"{"input": "Hi.", "response_format": "pcm", "speed": 2}"#)
            #expect(reply.status == 200 && reply.isComplete)
            #expect(abs(reply.body.count - PCM.sample.byteCount) < 1_000)
        }
    }

    @Test("A wav of one segment says its length, one of several does not know it")
    func wav() async throws {
        let synthesizer = FakeSynthesizer { utterance in
            .success(FakeStream(.audio(.sample), .audio(.sample), segmentCount: utterance.text == "One." ? 1 : 2))
        }
        try await TestServer.run(synthesizer) { server in
            let short = try await server.speak(#"{"input": "One.", "response_format": "wav"}"#)
            #expect(short.fields["content-length"] == "\(44 + 2 * PCM.sample.byteCount)")
            #expect(short.fields["content-type"] == "audio/wav")
            #expect(short.body.count == 44 + 2 * PCM.sample.byteCount)
            #expect(Array(short.body[40..<44]) == [0x80, 0x25, 0, 0])

            let long = try await server.speak(#"{"input": "One. Two.", "response_format": "wav"}"#)
            #expect(long.isChunked && long.isComplete)
            // How it says so is the encoder's business: a size beyond all that will come.
            #expect(Array(long.body[42..<44]) == [0xFF, 0xFF])
            #expect(long.body[44...].starts(with: short.body[44...]))
        }
    }

    @Test("No audio at all is an empty answer, not an error")
    func nothing() async throws {
        try await TestServer.run(FakeSynthesizer(FakeStream())) { server in
            let reply = try await server.speak(#"{"input": "…", "response_format": "pcm"}"#)
            #expect(reply.status == 200 && reply.isComplete && reply.body.isEmpty)
        }
    }

    @Test("Server-Timing tells how long the first segment waited and worked")
    func timing() async throws {
        let timing = SegmentTiming(queued: .microseconds(1_500), firstAudio: .milliseconds(20))
        try await TestServer.run(FakeSynthesizer(FakeStream(.audio(.sample), timing: timing))) { server in
            let reply = try await server.speak(#"{"input": "Hi.", "response_format": "pcm"}"#)
            #expect(reply.fields["server-timing"] == "queue;dur=1.5, first-audio;dur=20.0")
        }
    }

    @Test("Server-Timing tells what was not made for this request alone", arguments: ["hit", "joined"])
    func sharedTiming(word: String) async throws {
        let timing = SegmentTiming(queued: .zero, shared: SegmentTiming.Shared(rawValue: word))
        try await TestServer.run(FakeSynthesizer(FakeStream(.audio(.sample), timing: timing))) { server in
            let reply = try await server.speak(#"{"input": "Hi.", "response_format": "pcm"}"#)
            #expect(reply.fields["server-timing"] == "queue;dur=0.0, cache;desc=\(word)")
        }
    }

    @Test("The deadline is the sooner of the body's and the header's, counted from the request's arrival")
    func deadlines() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        let begin = ContinuousClock.now
        try await TestServer.run(synthesizer) { server in
            for (field, header) in [(nil, nil), (100, nil), (nil, 200), (300, 200), (100, 200)] as [(Int?, Int?)] {
                let deadline = field.map { #", "deadline": \#($0)"# } ?? ""
                let reply = try await server.speak(
                    #"{"input": "Hi.", "response_format": "pcm"\#(deadline)}"#,
                    fields: header.map { "X-Request-Timeout: \($0)\r\n" } ?? ""
                )
                #expect(reply.status == 200)
            }
            let wrong = try await server.speak(#"{"input": "Hi."}"#, fields: "X-Request-Timeout: soon\r\n")
            #expect(wrong.status == 400)
            #expect(try ErrorReply(wrong).error.param == nil)
        }
        let end = ContinuousClock.now
        let expected: [Duration?] = [nil, .seconds(100), .seconds(200), .seconds(200), .seconds(100)]
        #expect(synthesizer.utterances.count == expected.count)
        for (utterance, timeout) in zip(synthesizer.utterances, expected) {
            let arrival = utterance.deadline.flatMap { deadline in timeout.map { deadline - $0 } }
            #expect((utterance.deadline == nil) == (timeout == nil))
            if let arrival { #expect(arrival >= begin && arrival <= end) }
        }
    }

    @Test("A request says how it plays the audio, and what of it may be shared")
    func header() async throws {
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample))) }
        try await TestServer.run(synthesizer) { server in
            let body = #"{"input": "Hi.", "response_format": "pcm", "priority": "bulk"}"#
            _ = try await server.speak(body)
            _ = try await server.speak(body, fields: "X-Playback: realtime\r\nCache-Control: no-store, no-cache\r\n")
            #expect(try await server.speak(body, fields: "X-Playback: slow\r\n").status == 400)
        }
        #expect(synthesizer.utterances.map(\.playback) == [.asap, .realtime])
        #expect(
            synthesizer.utterances.map(\.caching) == [
                Caching(), Caching(isReadingAllowed: false, isStoringAllowed: false),
            ]
        )
    }

    @Test("A deadline that passes in the middle ends a stream as other trouble does")
    func deadlineInTheMiddle() async throws {
        let trouble = SpeechError(.deadlineExceeded, "The deadline passed.")
        let synthesizer = FakeSynthesizer { _ in .success(FakeStream(.audio(.sample), .failure(trouble))) }
        let server = try await TestServer.run(synthesizer) { server in
            let body = #"{"input": "Hi.", "response_format": "pcm"}"#
            let connection = try await HTTPConnection.open(port: server.port)
            try await connection.send("POST", "/v1/audio/speech", body: body)
            let reply = try await connection.reply()
            #expect(reply.status == 200 && !reply.isComplete)
            await connection.waitForClose()
            let events = try await server.speak(body.dropLast() + #", "stream_format": "sse"}"#)
            #expect(events.isComplete && events.text.contains(#"{"error":{"code":"deadline_exceeded","#))
        }
        #expect(server.requests.map { $0["http.status"] } == ["504", "504"])
    }

    @Test("Events carry the audio in Base64 and end with what it came to")
    func events() async throws {
        let little = PCM(samples: [1, 2, 3], sampleRate: 24_000)
        let second = PCM(samples: [Int16](repeating: 0, count: 24_000), sampleRate: 24_000)
        try await TestServer.run(FakeSynthesizer(FakeStream(.audio(little), .audio(second)))) { server in
            let reply = try await server.speak(#"{"input": "Hi!", "response_format": "pcm", "stream_format": "sse"}"#)
            #expect(reply.fields["content-type"] == "text/event-stream")
            #expect(reply.isComplete)
            let events = reply.text.split(separator: "\n\n", omittingEmptySubsequences: false)
            #expect(events.count == 4)
            #expect(events.first == #"data: {"type":"speech.audio.delta","audio":"AQACAAMA"}"#)
            #expect(events[1].hasPrefix(#"data: {"type":"speech.audio.delta","audio":"AAAA"#))
            #expect(
                events[2]
                    == #"data: {"type":"speech.audio.done","usage":"#
                    + #"{"audio_seconds":1,"input_tokens":3,"output_tokens":0,"total_tokens":3}}"#
            )
            #expect(events[3].isEmpty)
        }
    }

    @Test("What the engine remarked is in the header, and in the last of the events")
    func notes() async throws {
        let synthesizer = FakeSynthesizer { utterance in
            let notes = utterance.text == "Hi." ? [] : ["\"你\" was left out.", "So was %."]
            return .success(FakeStream(.audio(.sample), segmentCount: 1, notes: notes))
        }
        try await TestServer.run(synthesizer) { server in
            for format in ["pcm", "wav"] {
                let noted = try await server.speak(#"{"input": "Hi 你%.", "response_format": "\#(format)"}"#)
                #expect(noted.status == 200)
                #expect(noted.fields["chorus-notes"] == #"%"%22%e4%bd%a0%22 was left out.", "So was %.""#)
                let warning = #"199 chorus "\"\\u{4F60}\" was left out.; So was %.""#
                #expect(noted.fields["warning"] == warning)
                let plain = try await server.speak(#"{"input": "Hi.", "response_format": "\#(format)"}"#)
                #expect(plain.fields["warning"] == nil && plain.fields["chorus-notes"] == nil)
            }
            let events = try await server.speak(#"{"input": "Hi 你%.", "stream_format": "sse"}"#)
            let told = #"["\"你\" was left out.","So was %."]"#
            #expect(events.text.contains(#""notes":\#(told)"#) && events.text.contains(#""warnings":\#(told)}"#))
            let plain = try await server.speak(#"{"input": "Hi.", "stream_format": "sse"}"#)
            #expect(!plain.text.contains("warnings") && !plain.text.contains("notes"))
        }
    }

    @Test("What is remarked after the header has gone comes as a trailer to clients that read those")
    func lateNotes() async throws {
        let synthesizer = FakeSynthesizer { _ in
            .success(FakeStream(.audio(.sample), .audio(.sample), notes: ["Early."], lateNotes: ["Late."]))
        }
        try await TestServer.run(synthesizer) { server in
            let body = #"{"input": "Hi.", "response_format": "pcm"}"#
            let reply = try await server.speak(body, fields: "TE: gzip;q=0.5, Trailers\r\nConnection: TE\r\n")
            #expect(reply.isComplete && reply.body == PCM.sample.bytes + PCM.sample.bytes)
            #expect(reply.fields["chorus-notes"] == #""Early.""#)
            #expect(reply.fields["trailer"] == "Chorus-Notes")
            #expect(reply.trailers == ["chorus-notes": #""Early.", "Late.""#])
            let other = try await server.speak(body)
            #expect(other.isComplete && other.trailers.isEmpty && other.fields["trailer"] == nil)
            let events = try await server.speak(#"{"input": "Hi.", "stream_format": "sse"}"#)
            #expect(events.text.contains(#""notes":["Early.","Late."]"#))
        }
    }

    @Test("Trouble in a stream of events is an event, the last one")
    func eventOfTrouble() async throws {
        let stream = FakeStream(.audio(.sample), .failure(SpeechError(.engineFailed, "The engine died.")))
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let reply = try await server.speak(#"{"input": "Hi.", "response_format": "pcm", "stream_format": "sse"}"#)
            #expect(reply.isComplete)
            let error = #"{"code":"engine_failed","message":"The engine died.","param":null,"type":"server_error"}"#
            #expect(reply.text.hasSuffix("data: {\"error\":\(error),\"type\":\"error\"}\n\n"))
        }
    }

    @Test("Trouble in a stream of audio breaks it off, visibly")
    func brokenOff() async throws {
        let stream = FakeStream(.audio(.sample), .failure(SpeechError(.engineFailed, "The engine died.")))
        try await TestServer.run(FakeSynthesizer(stream)) { server in
            let connection = try await HTTPConnection.open(port: server.port)
            try await connection.send("POST", "/v1/audio/speech", body: #"{"input": "Hi.", "response_format": "pcm"}"#)
            let reply = try await connection.reply()
            #expect(reply.status == 200)
            #expect(!reply.isComplete)
            await connection.waitForClose()
        }
        #expect(stream.cancelled.hasFired)
    }
}
