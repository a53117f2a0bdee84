import SpeechCore
import Testing
import Wyoming

@Suite("chorus-espeak: several voices in one text")
struct SpanTests {
    private typealias Piece = (text: String, voice: String)

    private func start() throws -> WorkerProcess { try WorkerProcess("chorus-espeak") }

    private static func context(_ pieces: [Piece]) -> [String: JSONValue] {
        let spans = pieces.map { piece in
            JSONValue.object([
                "length": .integer(piece.text.unicodeScalars.count), "voice": .string(piece.voice),
            ])
        }
        return ["spans": .array(spans)]
    }

    /// A recording without the zeros around it.
    private static func sound(_ samples: [Int16]) -> [Int16] {
        guard let first = samples.firstIndex(where: { $0 != 0 }), let last = samples.lastIndex(where: { $0 != 0 })
        else {
            return []
        }
        return Array(samples[first...last])
    }

    /// Where a stretch of samples is in others, from an index on.
    private static func find(_ part: [Int16], in samples: [Int16], from start: Int) -> Int? {
        guard samples.count - part.count >= start else { return nil }
        return (start...(samples.count - part.count)).first { samples[$0...].starts(with: part) }
    }

    @Test(
        "Each part is what its voice says of it alone, and between them is neither a pause nor a click",
        arguments: [
            [
                ("My friend ", "en-us"), ("小明 ", "cmn"), ("said ", "en-us"), ("你好 ", "cmn"),
                ("to me yesterday.", "en-us"),
            ],
            [("The word ", "en-us"), ("שלום ", "he"), ("means peace.", "en-us")],
            [("我用", "cmn"), ("iPhone", "en-us"), ("打电话给", "cmn"), ("Tom。", "en-us")],
            [("They say ", "en-us+f2"), ("Здравствуйте ", "ru+f2"), ("and ", "en-us+f2"), ("नमस्ते", "hi+f2")],
        ] as [[(text: String, voice: String)]]
    )
    func joins(pieces: [(text: String, voice: String)]) throws {
        let worker = try start()
        let text = pieces.map(\.text).joined()
        let speech = try worker.connect().speak(text, voice: pieces[0].voice, context: Self.context(pieces))
        #expect(speech.error == nil)
        let samples = try #require(speech.error == nil ? speech.samples : nil)
        var end = 0
        for (index, piece) in pieces.enumerated() {
            // The program ends with a pause, and it is not known here where in the sentence the words are.
            // The end of a part in a variant's voice is mostly echo.
            let sound = Self.sound(try EspeakProgram.samples(piece.text, voice: piece.voice))
            let hasEcho = piece.voice.contains("+") && index < pieces.count - 1
            let alone = hasEcho ? Array(sound.dropLast(22_050 * 310 / 1000)) : sound
            let found = Self.find(alone, in: samples, from: end)
            let place = try #require(found, "\(piece)")
            // Before a t there is as much within a sentence of one voice.
            let join = samples[end..<place]
            #expect(index == 0 || join.count <= 22_050 * (piece.voice.contains("+") ? 95 : 60) / 1000, "\(piece)")
            let isSilent = piece.voice.contains("+") || join.allSatisfy { $0 == 0 }
            #expect(isSilent, "\(piece)")
            // A step is heard as a click when there is none like it in the words.
            let steps = zip(alone, alone.dropFirst()).map { abs(Int($0) - Int($1)) }
            let step = index > 0 ? abs(Int(samples[place]) - Int(samples[place - 1])) : 0
            #expect(step * 4 < steps.max() ?? 0, "\(piece)")
            end = place + alone.count
        }
        let last = try #require(pieces.last)
        let pause = try EspeakProgram.samples(last.text, voice: last.voice).reversed().prefix { $0 == 0 }.count
        #expect(samples.count - end == pause, "the pause at the end is as ever")
    }

    @Test("A part that ends with a mark or a line is followed by the pause that its voice makes there")
    func pauses() throws {
        let worker = try start()
        let client = try worker.connect()
        for (first, second) in [("小明，", "he said."), ("小明\n", "he said."), ("(小明) ", "he said.")] {
            let pieces = [(text: first, voice: "cmn"), (text: second, voice: "en-us")]
            let speech = try client.speak(first + second, context: Self.context(pieces))
            let isPause = !first.hasSuffix(" ")
            let alone = try EspeakProgram.samples(first, voice: "cmn")
            let after = speech.samples.dropFirst(Self.find(Self.sound(alone), in: speech.samples, from: 0) ?? 0)
            let silence = after.dropFirst(Self.sound(alone).count).prefix { $0 == 0 }.count
            #expect(isPause ? silence > 22_050 / 10 : silence < 22_050 / 20, "\(first): \(silence)")
        }
    }

    @Test(
        "The full stop of an abbreviation is no pause, that of a sentence is",
        arguments: [("Dr. ", false), ("I see. ", true)]
    )
    func abbreviations(first: String, isPause: Bool) throws {
        let worker = try start()
        let pieces = [(text: first, voice: "en-us"), (text: "小明。", voice: "cmn")]
        let samples = try worker.connect().speak("\(first)小明。", context: Self.context(pieces)).samples
        let longest = samples.dropLast(22_050 / 2).split { $0 != 0 }.map(\.count).max() ?? 0
        #expect(isPause ? longest > 22_050 / 5 : longest < 22_050 * 60 / 1000, "\(longest)")
    }

    @Test("Rate and pitch are those of all parts, and the next job is as if there had been none")
    func options() throws {
        let worker = try start()
        let client = try worker.connect()
        let pieces = [(text: "Hello ", voice: "en-us"), (text: "世界", voice: "cmn")]
        var context = Self.context(pieces)
        (context["rate"], context["pitch"]) = (.integer(300), .integer(80))
        let samples = try client.speak("Hello 世界", context: context).samples
        for piece in pieces {
            let alone = try EspeakProgram.samples(piece.text, voice: piece.voice, ["-s", "300", "-p", "80"])
            let found = Self.find(Self.sound(alone), in: samples, from: 0)
            #expect(found != nil)
        }
        #expect(try client.speak("Hello.").samples == EspeakProgram.samples("Hello.", voice: "en-us"))
    }

    @Test(
        "Spans that are not the text are refused",
        arguments: [
            .string("en-us"), .array([]), .array([.string("en-us")]),
            .array([.object(["length": .integer(5), "voice": .string("en-us")])]),
            .array([.object(["length": .integer(7), "voice": .string("en-us")])]),
            .array([.object(["length": .integer(0), "voice": .string("en-us")])]),
            .array([.object(["length": .integer(6)])]),
        ] as [JSONValue]
    )
    func refusals(spans: JSONValue) throws {
        let worker = try start()
        let client = try worker.connect()
        let speech = try client.speak("Hello!", context: ["spans": spans])
        #expect(speech.code == .badRequest && speech.error?.contains("context.spans must be") == true)
        let many = String(repeating: "a", count: 257)
        let letters = try client.speak(many, context: Self.context(many.map { (String($0), "en-us") }))
        #expect(letters.code == .badRequest && letters.error?.contains("at most 256") == true)
        let unknown = try client.speak("Hello!", context: Self.context([("Hello!", "nobody")]))
        #expect(unknown.error?.contains("no voice \"nobody\"") == true)
        #expect(try client.speak("Hello.").samples.isEmpty == false)
    }
}
