import NIOCore
import SpeechCore
import SpeechTestSupport
import Testing
import Wyoming

@Suite("Events over the wire")
struct RoundTripTests {
    @Test("Random events come back as they were, wherever the stream is cut", arguments: 1...60 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try checkRoundTrip((0..<20).map { _ in Self.serviceEvent(using: &random) }, using: &random)
        try checkRoundTrip((0..<20).map { _ in Self.clientEvent(using: &random) }, using: &random)
    }

    private func checkRoundTrip<Event: WyomingEvent>(
        _ events: [Event],
        using random: inout SeededGenerator
    ) throws {
        var bytes = ByteBuffer()
        for event in events { event.encode(into: &bytes) }
        let longest = [1, 7, 100, 10_000].randomElement(using: &random) ?? 1
        let decoded = try decode(Event.self, bytes) { min($0, Int.random(in: 1...longest, using: &random)) }
        #expect(decoded == events)
    }

    @Test("An audio chunk is one header line and its samples")
    func chunkBytes() {
        var bytes = ByteBuffer()
        WyomingServiceEvent.audioChunk(PCM(samples: [0x4241, 0x4443], sampleRate: 24_000)).encode(into: &bytes)
        let line = #"{"type":"audio-chunk","data":{"rate":24000,"width":2,"channels":1},"payload_length":4}"#
        #expect(String(buffer: bytes) == line + "\nABCD")
    }

    @Test("Data goes behind the header line, whose length readers limit")
    func dataBytes() {
        var bytes = ByteBuffer()
        WyomingClientEvent.cancel.encode(into: &bytes)
        #expect(
            String(buffer: bytes) == #"{"data_length":24,"type":"user-event"}"# + "\n" + #"{"name":"chorus.cancel"}"#
        )
    }

    private static func serviceEvent(using random: inout SeededGenerator) -> WyomingServiceEvent {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .info(info(using: &random))
        case 1: .audioStart(AudioShape(sampleRate: 44_100, channels: Int.random(in: 1...8, using: &random)))
        case 2: .audioChunk(audio(using: &random))
        case 3: .audioStop
        case 4: .error(text: text(using: &random), code: Bool.random(using: &random) ? .outOfMemory : .internal)
        case 5: .pong(text: Bool.random(using: &random) ? nil : text(using: &random))
        case 6: .userEvent(name: text(using: &random), data: object(depth: 3, using: &random))
        default: .other(type: "x-" + text(using: &random))
        }
    }

    private static func clientEvent(using random: inout SeededGenerator) -> WyomingClientEvent {
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            .describe
        case 1:
            .synthesize(
                WyomingSynthesize(
                    text: text(using: &random),
                    voice: Bool.random(using: &random) ? nil : .init(name: text(using: &random), speaker: "s"),
                    context: object(depth: 3, using: &random)
                )
            )
        case 2: .ping(text: Bool.random(using: &random) ? nil : text(using: &random))
        case 3: .userEvent(name: text(using: &random), data: object(depth: 3, using: &random))
        case 4: .makeVoice(recipe(using: &random))
        default: .other(type: "x-" + text(using: &random))
        }
    }

    private static func recipe(using random: inout SeededGenerator) -> VoiceRecipe {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: .seed(Int.random(in: 0...1_000_000, using: &random))
        case 1: .code(text(using: &random))
        default: .recording(audio(using: &random), text: text(using: &random))
        }
    }

    private static func info(using random: inout SeededGenerator) -> WyomingInfo {
        WyomingInfo(
            program: text(using: &random),
            version: "1",
            attribution: .init(name: "a", url: "https://a"),
            voices: (0..<Int.random(in: 0...5, using: &random)).map { index in
                Voice(name: "\(index)", languages: [text(using: &random)], description: text(using: &random))
            },
            traits: Bool.random(using: &random)
                ? nil
                : WorkerTraits(
                    slots: 4,
                    cancel: true,
                    makeVoice: Bool.random(using: &random),
                    spans: Bool.random(using: &random)
                )
        )
    }

    private static func audio(using random: inout SeededGenerator) -> PCM {
        let count = Int.random(in: 0...5000, using: &random)
        return PCM(
            samples: (0..<count).map { _ in Int16.random(in: .min ... .max, using: &random) },
            sampleRate: 24_000
        )
    }

    private static func text(using random: inout SeededGenerator) -> String {
        let alphabet = Array("aZ 09{}[]\":,\\/\n\t\u{0}\u{7f}é你好🙂\u{2028}")
        return String(
            (0..<Int.random(in: 0...30, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) }
        )
    }

    private static func object(depth: Int, using random: inout SeededGenerator) -> [String: JSONValue] {
        var object: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            object[text(using: &random)] = value(depth: depth, using: &random)
        }
        return object
    }

    private static func value(depth: Int, using random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .integer(Int.random(in: -1_000_000...1_000_000, using: &random))
        case 3: .number(Double(Int.random(in: -1000...1000, using: &random)) + 0.5)
        case 4: .string(text(using: &random))
        case 5: .array((0..<2).map { _ in value(depth: depth - 1, using: &random) })
        default: .object(object(depth: depth - 1, using: &random))
        }
    }
}
