import FoundationEssentials
import SpeechAPI
import SpeechCore
import Testing

@Suite("Reading a speech request")
struct SpeechRequestTests {
    private func read(_ json: String, limit: Int = 100) throws -> SpeechRequest {
        try SpeechRequest(body: Data(json.utf8), maxInputCharacters: limit)
    }

    @Test("What is not said has a default")
    func defaults() throws {
        let request = try read(#"{"input": "Hi."}"#)
        #expect(request.model == nil && request.voice == nil)
        #expect(request.input == "Hi.")
        #expect(request.format == .mp3 && request.streamFormat == .audio && request.speed == 1)
        #expect(request.priority == nil && request.deadline == nil)
        #expect(request.engineOptions.isEmpty)
        let nulls =
            #"{"input": "Hi.", "model": null, "voice": null, "speed": null, "response_format": null, "seed": null}"#
        #expect(try read(nulls) == request)
        #expect(
            try read(#"{"input": "Hi.", "model": "", "voice": "", "instructions": "", "user": {"a": [1]}}"#) == request
        )
    }

    @Test("What is said counts")
    func fields() throws {
        let request = try read(
            """
            {"model": "tts-1", "input": "你好。", "voice": "nova", "response_format": "opus", "speed": 0.25,
             "stream_format": "sse", "instructions": "Whisper.", "seed": 7,
             "engine_options": {"temperature": 0.3, "seed": 1, "list": [true, null, "a"]}}
            """
        )
        #expect(request.model == "tts-1" && request.voice == "nova" && request.input == "你好。")
        #expect(request.format == .opus && request.streamFormat == .sse && request.speed == 0.25)
        #expect(
            request.engineOptions == [
                "temperature": .number(0.3), "seed": .integer(7), "instructions": .string("Whisper."),
                "list": .array([.bool(true), .null, .string("a")]),
            ]
        )
        #expect(try read(#"{"input": "a", "voice": {"id": "custom"}}"#).voice == "custom")
        #expect(try read(#"{"input": "a", "speed": 4}"#).speed == 4)
        #expect(try read(#"{"input": "a", "stream": false}"#).isFile)
        for stream in ["true", "null"] {
            #expect(try !read(#"{"input": "a", "stream": \#(stream), "stream_format": "sse"}"#).isFile)
        }
        let urgent = try read(#"{"input": "a", "priority": "bulk", "deadline": 2.5}"#)
        #expect(urgent.priority == .bulk && urgent.deadline == .milliseconds(2_500))
        #expect(try read(#"{"input": "a", "deadline": 3600}"#).deadline == .seconds(3_600))
        #expect(try read(#"{"input": "a", "deadline": null, "priority": null}"#).deadline == nil)
    }

    @Test(
        "What is wrong is told, with the field to blame",
        arguments: [
            ("", nil, "empty"),
            ("{", nil, "not valid JSON"),
            ("{} {}", nil, "not valid JSON"),
            ("[1]", nil, "not a JSON object"),
            ("7", nil, "not a JSON object"),
            ("null", nil, "not a JSON object"),
            ("{}", "input", "missing"),
            (#"{"input": null}"#, "input", "missing"),
            (#"{"input": ""}"#, "input", "blank"),
            (#"{"input": " \n\u0000\u2003"}"#, "input", "blank"),
            (#"{"input": 7}"#, "input", "must be a string, but it is a number"),
            (#"{"input": ["a"]}"#, "input", "must be a string, but it is an array"),
            (#"{"input": {"a": 1}}"#, "input", "must be a string, but it is an object"),
            (#"{"input": true}"#, "input", "must be a string, but it is a boolean"),
            (#"{"input": "a\ud800"}"#, "input", "cannot be read"),
            (#"{"input": "12345678901"}"#, "input", "has 11 characters, but may have 10"),
            (#"{"input": "a", "model": 1}"#, "model", "must be a string"),
            (#"{"input": "a", "voice": 1}"#, "voice", "a string or an object with a string `id`"),
            (#"{"input": "a", "voice": {"name": "b"}}"#, "voice", "but it is an object"),
            (
                #"{"input": "a", "response_format": "ogg"}"#, "response_format",
                "`mp3`, `opus`, `aac`, `flac`, `wav`, `pcm`"
            ),
            (#"{"input": "a", "stream": "no"}"#, "stream", "must be true or false, but it is a string"),
            (#"{"input": "a", "stream": 0}"#, "stream", "must be true or false"),
            (#"{"input": "a", "stream": false, "stream_format": "sse"}"#, "stream", "leave out one of them"),
            (#"{"input": "a", "speed": 0.2}"#, "speed", "is 0.2, but must be from 0.25 to 4"),
            (#"{"input": "a", "speed": 4.1}"#, "speed", "from 0.25 to 4"),
            (#"{"input": "a", "speed": "1"}"#, "speed", "must be a number from 0.25 to 4, but it is a string"),
            (#"{"input": "a", "speed": 1e999}"#, "speed", "number from 0.25 to 4"),
            (#"{"input": "a", "stream_format": "ws"}"#, "stream_format", "`audio`, `sse`"),
            (#"{"input": "a", "priority": "high"}"#, "priority", "`interactive`, `default`, `bulk`"),
            (#"{"input": "a", "deadline": 0}"#, "deadline", "is 0.0, but must be more than 0"),
            (#"{"input": "a", "deadline": -1}"#, "deadline", "more than 0"),
            (#"{"input": "a", "deadline": 3600.5}"#, "deadline", "at most 3600 seconds"),
            (#"{"input": "a", "deadline": "5"}"#, "deadline", "must be a number of seconds, but it is a string"),
            (#"{"input": "a", "seed": 1.5}"#, "seed", "must be an integer"),
            (#"{"input": "a", "instructions": []}"#, "instructions", "must be a string"),
            (#"{"input": "a", "engine_options": [1]}"#, "engine_options", "must be an object, but it is an array"),
            (#"{"input": "a", "engine_options": {"deadline": 5}}"#, "engine_options", "own field `deadline`"),
            (#"{"input": "a", "deadline": 1, "engine_options": {"deadline": null}}"#, "engine_options", "`deadline`"),
            (#"{"input": "a", "engine_options": {"spe\u0061ker": {}}}"#, "engine_options", "`speaker`"),
            (#"{"input": "a", "engine_options": {"spans": []}}"#, "engine_options", "`spans`"),
        ] as [(String, String?, String)]
    )
    func wrong(json: String, param: String?, part: String) throws {
        let error = try #require(throws: SpeechError.self) { try read(json, limit: 10) }
        #expect(error.code == .invalidRequest)
        #expect(error.param == param)
        #expect(error.message.contains(part))
    }

    @Test("Names have an end")
    func longNames() throws {
        let long = String(repeating: "x", count: SpeechRequest.maxNameCharacters + 1)
        let error = try #require(throws: SpeechError.self) { try read(#"{"input": "a", "voice": "\#(long)"}"#) }
        #expect(error.param == "voice")
        #expect(!error.message.contains(long))
    }

    @Test("Engine options are few")
    func engineOptions() throws {
        func read(values: Int) throws -> SpeechRequest {
            let list = String(repeating: "[],", count: values - 2)
            return try self.read(#"{"input": "a", "engine_options": {"list": [\#(list)1]}}"#)
        }
        let most = try read(values: SpeechRequest.maxEngineOptions)
        guard case .array(let list) = most.engineOptions["list"] else { throw SpeechError.cancelled }
        #expect(list.count == SpeechRequest.maxEngineOptions - 1)
        #expect(list.first == .array([]) && list.last == .integer(1))
        let error = try #require(throws: SpeechError.self) { try read(values: SpeechRequest.maxEngineOptions + 1) }
        #expect(error.param == "engine_options" && error.message.contains("more than 256 values"))
    }

    @Test("Control characters are dropped, line ends and tabs stay")
    func controls() throws {
        #expect(
            try read(#"{"input": "a\u0000b\u001b[1m\tc\r\nd\u007f\u0090e\u0085f"}"#).input == "ab[1m\tc\r\nde\u{85}f"
        )
    }

    @Test("Text counts in code points, whatever they look like")
    func counting() throws {
        let flags = String(repeating: "\u{1F1E9}\u{1F1EA}", count: 5)
        #expect(try read(#"{"input": "\#(flags)"}"#, limit: 10).input == flags)
        #expect(throws: SpeechError.self) { try read(#"{"input": "\#(flags)"}"#, limit: 9) }
    }

    @Test("Broken UTF-8 and deep nesting are told, not suffered")
    func hostile() throws {
        let broken = Data(#"{"input": ""#.utf8) + [0xFF, 0xFE] + Data(#""}"#.utf8)
        #expect(throws: SpeechError.self) { try SpeechRequest(body: broken, maxInputCharacters: 10) }
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let deep = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
            #expect(throws: SpeechError.self) { try read(deep) }
            #expect(throws: SpeechError.self) { try read(#"{"input": "a", "engine_options": \#(deep)}"#) }
        }
    }

    @Test("Mutated requests are read or refused, never worse")
    func mutations() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(state: seed)
        let original = Array(
            #"{"model":"m","input":"Hi \u00e9 你","voice":{"id":"v"},"speed":1.5,"seed":3,"engine_options":{"a":[1,{"b":null}]}}"#
                .utf8
        )
        for _ in 0..<5_000 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: index)
                default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            do throws(SpeechError) {
                let request = try SpeechRequest(body: Data(bytes), maxInputCharacters: 20)
                #expect(request.input.unicodeScalars.count <= 20, "seed \(seed)")
                #expect(SpeechRequest.speeds.contains(request.speed), "seed \(seed)")
            } catch {
                #expect(error.code == .invalidRequest && !error.message.isEmpty, "seed \(seed)")
            }
        }
    }
}

/// Randomness that can be had again.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
