import SpeechCore
import Testing
import Wyoming

/// What the PyPI package `wyoming` 1.10.2 writes, recorded.
@Suite("Frames of the reference implementation")
struct ReferenceTests {
    @Test("The client's events are understood")
    func client() throws {
        let frames = #"""
            {"type": "describe", "version": "1.10.2"}
            {"type": "synthesize", "version": "1.10.2", "data_length": 135}
            {"text": "Grüße \"du\"\n你好", "voice": {"name": "v", "speaker": "s"}, "context": {"seed": 7, "deep": {"x": [1, 2.5, null, true]}}}{"type": "synthesize", "version": "1.10.2", "data_length": 43}
            {"text": "hi", "voice": {"language": "de"}}{"type": "ping", "version": "1.10.2", "data_length": 13}
            {"text": "t"}{"type": "ping", "version": "1.10.2", "data_length": 14}
            {"text": null}{"type": "user-event", "version": "1.10.2", "data_length": 25}
            {"name": "chorus.cancel"}{"type": "user-event", "version": "1.10.2", "data_length": 46}
            {"name": "n", "data": {"a": 1}, "context": {}}{"type": "audio-stop", "version": "1.10.2"}

            """#
        let deep: JSONValue = .object(["x": .array([.integer(1), .number(2.5), .null, .bool(true)])])
        #expect(
            try decode(WyomingClientEvent.self, frames) == [
                .describe,
                .synthesize(
                    WyomingSynthesize(
                        text: "Grüße \"du\"\n你好",
                        voice: .init(name: "v", speaker: "s"),
                        context: ["seed": .integer(7), "deep": deep]
                    )
                ),
                .synthesize(WyomingSynthesize(text: "hi", voice: .init(language: "de"))),
                .ping(text: "t"),
                .ping(text: nil),
                .cancel,
                .userEvent(name: "n", data: ["a": .integer(1)]),
                .other(type: "audio-stop"),
            ]
        )
    }

    @Test("The service's events are understood")
    func service() throws {
        let frames = #"""
            {"type": "audio-start", "version": "1.10.2", "data_length": 61}
            {"rate": 22050, "width": 2, "channels": 1, "timestamp": null}{"type": "audio-chunk", "version": "1.10.2", "data_length": 58, "payload_length": 4}
            {"rate": 22050, "width": 2, "channels": 1, "timestamp": 5}ABCD{"type": "audio-stop", "version": "1.10.2", "data_length": 16}
            {"timestamp": 9}{"type": "error", "version": "1.10.2", "data_length": 37}
            {"text": "no", "code": "bad_request"}{"type": "error", "version": "1.10.2", "data_length": 14}
            {"text": "no"}{"type": "pong", "version": "1.10.2", "data_length": 13}
            {"text": "t"}{"type": "synthesize-stopped", "version": "1.10.2"}

            """#
        #expect(
            try decode(WyomingServiceEvent.self, frames) == [
                .audioStart(AudioShape(sampleRate: 22_050)),
                .audioChunk(PCM(samples: [0x4241, 0x4443], sampleRate: 22_050)),
                .audioStop,
                .error(text: "no", code: .badRequest),
                .error(text: "no", code: .internal),
                .pong(text: "t"),
                .other(type: "synthesize-stopped"),
            ]
        )
    }

    @Test("The voices come from the first program that speaks")
    func info() throws {
        let frames = #"""
            {"type": "info", "version": "1.10.2", "data_length": 433}
            {"asr": [], "tts": [{"name": "p", "attribution": {"name": "A", "url": "http://a"}, "installed": true, "description": "d", "version": "1", "voices": [{"name": "v", "attribution": {"name": "A", "url": "http://a"}, "installed": true, "description": null, "version": null, "languages": ["en", "en-us"], "speakers": [{"name": "s"}]}], "supports_synthesize_streaming": false}], "handle": [], "intent": [], "wake": [], "mic": [], "snd": []}{"type": "info", "version": "1.10.2", "data_length": 84}
            {"asr": [], "tts": [], "handle": [], "intent": [], "wake": [], "mic": [], "snd": []}
            """#
        #expect(
            try decode(WyomingServiceEvent.self, frames) == [
                .info(
                    WyomingInfo(
                        program: "p",
                        version: "1",
                        description: "d",
                        attribution: .init(name: "A", url: "http://a"),
                        voices: [Voice(name: "v", languages: ["en", "en-us"])]
                    )
                ),
                .info(WyomingInfo(program: "", voices: [])),
            ]
        )
    }

    @Test("A worker may leave out all but names")
    func sparseInfo() throws {
        let frame = #"{"type":"info","data":{"tts":[{"name":"p","voices":[{"name":"v"}]}],"chorus":{"slots":4}}}"#
        let expected = WyomingInfo(program: "p", voices: [Voice(name: "v")], traits: WorkerTraits(slots: 4))
        #expect(try decode(WyomingServiceEvent.self, frame + "\n") == [.info(expected)])
    }
}
