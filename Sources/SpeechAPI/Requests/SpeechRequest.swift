package import FoundationEssentials
package import SpeechCore

/// What a client asked of `POST /v1/audio/speech`: checked, with its defaults filled in.
package struct SpeechRequest: Sendable, Equatable {
    /// How the audio travels.
    package enum StreamFormat: String, Sendable, CaseIterable {
        /// As the body itself.
        case audio
        /// As server-sent events that carry it in Base64.
        case sse
    }

    /// What `speed` may be.
    package static let speeds = 0.25...4.0
    /// Characters of a model's or a voice's name.
    package static let maxNameCharacters = 256
    /// Values in `engine_options`, nested ones included.
    package static let maxEngineOptions = 256
    /// What may not be in `engine_options`, because we say it to the workers ourselves; and what to send instead.
    private static let ownOptions = [
        ("deadline", "send it as the request's own field `deadline`"),
        ("speaker", "make a voice and send its name as `voice`"),
        ("spans", "send `auto` as `voice`, which is chosen for each script"),
    ]
    /// What `deadline` may be at the most, in seconds.
    package static let maxDeadlineSeconds = 3_600

    /// An engine's name or an alias; `nil` is the default engine.
    package var model: String?
    /// The text to speak: not blank, free of control characters.
    package var input: String
    /// `nil` leaves the choice to the engine.
    package var voice: String?
    /// The format of the audio.
    package var format: AudioFormat
    /// How fast to speak, within `speeds`; 1 is as the engine speaks.
    package var speed: Double
    /// How the audio travels.
    package var streamFormat: StreamFormat
    /// Whether it is sent when all of it is there, as a file that says how long it is: `"stream": false`.
    package var isFile: Bool
    /// How urgent it is; `nil` when it does not say.
    package var priority: Priority?
    /// How long after its arrival the request is worth something; `nil` is as long as it takes.
    package var deadline: Duration?
    /// `engine_options`, with `seed` and `instructions` beside them.
    package var engineOptions: [String: JSONValue]

    /// Reads a request body. Unknown fields are ignored, and so are fields that are `null`.
    /// - Parameters:
    ///   - body: the bytes of the body, which should be a JSON object.
    ///   - maxInputCharacters: Unicode code points that `input` may have.
    /// - Throws: `invalidRequest`, with the field to blame in `param`.
    package init(body: Data, maxInputCharacters: Int) throws(SpeechError) {
        let fields = try RequestBody.decode(
            SpeechRequestFields.self,
            from: body,
            example: #"{"input": "Hello."}"#
        )
        model = try Self.name(fields.model, param: "model")
        input = try Self.text(fields.input, limit: maxInputCharacters)
        voice = try Self.name(fields.voice, param: "voice")
        format = try Self.choice(fields.responseFormat, param: "response_format") ?? .mp3
        speed = fields.speed ?? 1
        streamFormat = try Self.choice(fields.streamFormat, param: "stream_format") ?? .audio
        isFile = fields.stream == false
        priority = try Self.choice(fields.priority, param: "priority")
        deadline = try Self.deadline(fields.deadline)
        engineOptions = fields.engineOptions ?? [:]
        for (word, instead) in Self.ownOptions where engineOptions[word] != nil {
            throw .invalid("`engine_options` may not have `\(word)`: \(instead).", param: "engine_options")
        }
        if let seed = fields.seed { engineOptions["seed"] = .integer(seed) }
        if let instructions = fields.instructions, !instructions.isEmpty {
            engineOptions["instructions"] = .string(instructions)
        }
        guard Self.speeds.contains(speed) else {
            throw .invalid("`speed` is \(speed), but must be from 0.25 to 4.", param: "speed")
        }
        if isFile, streamFormat == .sse {
            throw .invalid(
                "`stream` is false, but `stream_format` is \"sse\", which is a stream; leave out one of them.",
                param: "stream"
            )
        }
    }

    /// How long a request is worth something.
    /// - Returns: `nil` when it may not be that.
    package static func deadline(seconds: Double) -> Duration? {
        seconds > 0 && seconds <= Double(maxDeadlineSeconds) ? .seconds(seconds) : nil
    }

    private static func deadline(_ seconds: Double?) throws(SpeechError) -> Duration? {
        guard let seconds else { return nil }
        guard let deadline = deadline(seconds: seconds) else {
            throw .invalid(
                "`deadline` is \(seconds), but must be more than 0 and at most \(maxDeadlineSeconds) seconds.",
                param: "deadline"
            )
        }
        return deadline
    }

    /// An empty name is as good as none: several clients send one when nothing is chosen.
    private static func name(_ name: String?, param: String) throws(SpeechError) -> String? {
        guard let name, !name.isEmpty else { return nil }
        guard name.unicodeScalars.count <= maxNameCharacters else {
            throw .invalid("`\(param)` is longer than \(maxNameCharacters) characters.", param: param)
        }
        return name
    }

    private static func text(_ input: String?, limit: Int) throws(SpeechError) -> String {
        guard let input else {
            throw .invalid("`input` is missing: send the text to speak.", param: "input")
        }
        let count = input.unicodeScalars.count
        guard count <= limit else {
            throw .invalid(
                "`input` has \(count) characters, but may have \(limit) at the most. Split it into several requests.",
                param: "input"
            )
        }
        var text = input
        // No voice can say them, and C libraries behind it take a NUL for the end.
        if text.unicodeScalars.contains(where: isControl) { text.unicodeScalars.removeAll(where: isControl) }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw .invalid("`input` is blank: send the text to speak.", param: "input")
        }
        return text
    }

    /// C0 and C1 controls but for tab, line feed, carriage return and next line.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: false
        case ..<0x20, 0x7F...0x9F: true
        default: false
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ value: String?,
        param: String
    ) throws(SpeechError) -> Choice? {
        guard let value else { return nil }
        guard let choice = Choice(rawValue: value) else {
            let choices = Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            throw .invalid("`\(param)` is \"\(value.prefix(32))\", but must be one of \(choices).", param: param)
        }
        return choice
    }
}

/// The fields as they arrived: of the right types, but with any values.
private struct SpeechRequestFields: Decodable {
    enum Key: String, CodingKey {
        case model, input, voice, speed, seed, stream, instructions, priority, deadline
        case responseFormat = "response_format"
        case streamFormat = "stream_format"
        case engineOptions = "engine_options"
    }

    /// A voice as newer clients of OpenAI may send it.
    struct VoiceReference: Decodable {
        var id: String
    }

    var model: String?
    var input: String?
    var voice: String?
    var responseFormat: String?
    var speed: Double?
    var streamFormat: String?
    var stream: Bool?
    var priority: String?
    var deadline: Double?
    var instructions: String?
    var seed: Int?
    var engineOptions: [String: JSONValue]?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        model = try fields.field(.model, expected: "a string")
        input = try fields.field(.input, expected: "a string")
        voice = try fields.voice()
        responseFormat = try fields.field(.responseFormat, expected: "a string")
        speed = try fields.field(.speed, expected: "a number from 0.25 to 4")
        streamFormat = try fields.field(.streamFormat, expected: "a string")
        stream = try fields.field(.stream, expected: "true or false")
        priority = try fields.field(.priority, expected: "a string")
        deadline = try fields.field(.deadline, expected: "a number of seconds")
        instructions = try fields.field(.instructions, expected: "a string")
        seed = try fields.field(.seed, expected: "an integer")
        engineOptions = try fields.engineOptions()
    }
}

extension KeyedDecodingContainer<SpeechRequestFields.Key> {
    /// A name, or an object with the name as its `id`.
    fileprivate func voice() throws(SpeechError) -> String? {
        do {
            return try field(.voice, expected: "a string or an object with a string `id`")
        } catch {
            guard let reference = try? decode(SpeechRequestFields.VoiceReference.self, forKey: .voice) else {
                throw error
            }
            return reference.id
        }
    }

    /// An object of anything, but not of much.
    fileprivate func engineOptions() throws(SpeechError) -> [String: JSONValue]? {
        guard let options: BoundedJSON = try field(.engineOptions, expected: "an object") else { return nil }
        guard case .object(let object) = options.value else {
            throw .invalid("`engine_options` must be an object\(found(.engineOptions)).", param: "engine_options")
        }
        return object
    }
}

/// JSON that has no more values than `SpeechRequest.maxEngineOptions`, nested ones included. A look at one value takes
/// some microseconds, so that a body full of them would keep a thread busy for seconds.
private struct BoundedJSON: Decodable {
    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }

    var value: JSONValue

    init(from decoder: any Decoder) throws {
        var budget = SpeechRequest.maxEngineOptions + 1
        value = try Self.value(from: decoder, &budget)
    }

    private static func value(from decoder: any Decoder, _ budget: inout Int) throws -> JSONValue {
        budget -= 1
        guard budget >= 0 else {
            let limit = SpeechRequest.maxEngineOptions
            throw SpeechError.invalid("`engine_options` has more than \(limit) values.", param: "engine_options")
        }
        if let container = try? decoder.container(keyedBy: AnyKey.self) {
            var object: [String: JSONValue] = [:]
            for key in container.allKeys {
                object[key.stringValue] = try value(from: container.superDecoder(forKey: key), &budget)
            }
            return .object(object)
        }
        if var container = try? decoder.unkeyedContainer() {
            var array: [JSONValue] = []
            while !container.isAtEnd { array.append(try value(from: container.superDecoder(), &budget)) }
            return .array(array)
        }
        return try JSONValue(from: decoder)
    }
}
