import CEspeak
import Glibc
import SpeechCore
import Wyoming

/// A job that has been checked: the library can be asked to speak it.
struct JobRequest: Equatable {
    /// Why a job is refused, in words for the caller.
    struct Refusal: Error, Equatable {
        let text: String
    }

    /// The parts of the text in order, each with its voice; at least one.
    let parts: [Part]
    /// Notes for the client: fields without effect, and characters that the voice does not read.
    let notes: [String]
    /// Whether `[[…]]` in the text is the library's code for phonemes.
    let hasPhonemes: Bool
    /// Words per minute.
    let rate: Int32?
    let pitch: Int32?
    let volume: Int32?
    /// The time after which nobody wants the audio.
    let deadline: ContinuousClock.Instant?

    /// Options that callers may set in the context.
    private static let options = ["phonemes", "pitch", "rate", "volume"]
    /// Fields of the context that Chorus itself sets.
    private static let sentAlong: Set = ["deadline", "spans"]
    /// Fields that clients may send to any engine, with the reason why they have no effect here.
    private static let withoutEffect = [
        "instructions": "espeak-ng does not follow them", "seed": "espeak-ng does not use it",
    ]

    /// Seconds, thirty years: a deadline that is further away means this one.
    private static let maxDeadline = 1e9

    init(_ wanted: WyomingSynthesize, catalogue: VoiceCatalogue) throws(Refusal) {
        guard !wanted.text.utf8.contains(0) else { throw Refusal(text: "the text contains a NUL character") }
        parts = try Part.parts(of: wanted, voice: Self.voice(wanted.voice))
        guard !parts.isEmpty else { throw Refusal(text: "the text is empty") }
        for part in parts where !catalogue.knows(part.voice) { throw Refusal(text: Self.unknownVoice(part.voice)) }
        for name in wanted.context.keys.sorted()
        where !Self.options.contains(name) && !Self.sentAlong.contains(name) && Self.withoutEffect[name] == nil {
            let known = Self.options.joined(separator: ", ")
            throw Refusal(text: "`\(name)` is not an option of espeak-ng. There are: \(known).")
        }
        let lost = parts.filter { $0.hasHan && !catalogue.readsHan($0.voice) }
        let ignored = Self.withoutEffect.filter { wanted.context[$0.key] != nil }.sorted { $0.key < $1.key }
        notes =
            ignored.map { "`\($0.key)` has no effect: \($0.value)." }
            + Set(lost.map(\.voice)).sorted().map { voice in
                "espeak-ng's voice \"\(voice)\" does not read Chinese characters: it says \"Chinese letter\" for each"
            }
        rate = try Self.integer("rate", in: wanted.context, range: 80...450)
        pitch = try Self.integer("pitch", in: wanted.context, range: 0...99)
        volume = try Self.integer("volume", in: wanted.context, range: 0...200)
        hasPhonemes = try Self.boolean("phonemes", in: wanted.context)
        deadline = try Self.secondsLeft(in: wanted.context).map { .now + .seconds($0) }
    }

    /// Whether nobody wants it any more.
    var isLate: Bool { deadline.map { $0 <= .now } ?? false }

    /// The message to a caller whose voice does not exist.
    static func unknownVoice(_ name: String) -> String {
        "espeak-ng has no voice \"\(name)\"; chorus-espeak --list-voices shows those it has"
    }

    /// Starts the process that speaks a part.
    /// - Parameter substitutes: see `VoiceCatalogue`.
    /// - Returns: its id, and where its samples come from.
    func start(
        _ part: Part,
        substitutes: [UnsafePointer<CChar>?]
    ) throws(WorkerError) -> (process: pid_t, output: Int32) {
        var output: Int32 = -1
        let flags = (part.endsWithPause ? espeakENDPAUSE : 0) | (hasPhonemes ? espeakPHONEMES : 0)
        let process = part.voice.withCString { voice in
            part.text.withCString { text in
                substitutes.withUnsafeBufferPointer { substitutes in
                    var job = chorus_espeak_job(
                        voice: voice,
                        text: text,
                        substitutes: substitutes.baseAddress,
                        rate: rate ?? Int32(CHORUS_ESPEAK_UNSET),
                        pitch: pitch ?? Int32(CHORUS_ESPEAK_UNSET),
                        volume: volume ?? Int32(CHORUS_ESPEAK_UNSET),
                        flags: UInt32(flags)
                    )
                    return chorus_espeak_start(&job, &output)
                }
            }
        }
        guard process > 0 else { throw .system("start a process for a job") }
        return (process, output)
    }

    private static func voice(_ choice: WyomingSynthesize.VoiceChoice?) -> String {
        if let name = choice?.name { return name }
        guard let language = choice?.language else { return VoiceCatalogue.defaultVoice }
        return String(language.map { $0 == "_" ? "-" : $0 })
    }

    /// Not less than none: a deadline that has passed is one that passes now.
    private static func secondsLeft(in context: [String: JSONValue]) throws(Refusal) -> Double? {
        switch context["deadline"] {
        case nil, .null: return nil
        case .integer(let seconds): return min(max(0, Double(seconds)), maxDeadline)
        case .number(let seconds) where !seconds.isNaN: return min(max(0, seconds), maxDeadline)
        default: throw Refusal(text: "context.deadline must be a number of seconds")
        }
    }

    private static func boolean(_ name: String, in context: [String: JSONValue]) throws(Refusal) -> Bool {
        switch context[name] {
        case nil, .null: return false
        case .bool(let value): return value
        default: throw Refusal(text: "context.\(name) must be true or false")
        }
    }

    private static func integer(
        _ name: String,
        in context: [String: JSONValue],
        range: ClosedRange<Int32>
    ) throws(Refusal) -> Int32? {
        switch context[name] {
        case nil, .null: return nil
        case .integer(let value):
            if let value = Int32(exactly: value), range.contains(value) { return value }
            fallthrough
        default:
            throw Refusal(
                text: "context.\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
    }
}
