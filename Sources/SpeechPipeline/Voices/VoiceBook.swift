package import SpeechCore

/// The voices of one engine, and the names that callers may give them.
///
/// A name is, in this order: a configured alias, one of the engine's own voices, a made voice, `auto`, an own voice or
/// `auto` with a variant behind a `+`, one of OpenAI's names. A name is taken as it is written if that exists, else in
/// any case.
package struct VoiceBook: Sendable {
    /// OpenAI's voices, which work on every engine.
    package static let openAINames = [
        "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin",
        "cedar",
    ]

    /// Lets the script of each segment choose.
    package static let auto = "auto"

    private let engine: String
    private let scripts: ScriptReaders
    private let made: [MadeVoice]
    private let aliases: [String: String]

    /// - Parameters:
    ///   - engine: its name, for error messages.
    ///   - voices: what the engine says it has; empty if it names none, and then any name is passed on to it.
    ///   - made: voices that were made for it.
    ///   - aliases: name → `auto`, `auto+SUFFIX` or a voice of the engine, its own or made.
    package init(engine: String, voices: [Voice], made: [MadeVoice] = [], aliases: [String: String]) {
        self.init(engine: engine, scripts: ScriptReaders(voices), made: made, aliases: aliases)
    }

    /// - Parameter scripts: of the engine's voices; may be shared with other books.
    init(engine: String, scripts: ScriptReaders, made: [MadeVoice], aliases: [String: String]) {
        self.engine = engine
        self.scripts = scripts
        self.made = made
        self.aliases = aliases
    }

    private var voices: [Voice] { scripts.voices }

    /// The engine's own voices in its order, then the made ones, then the aliases and OpenAI's names, each by name.
    package var offered: [OfferedVoice] {
        let taken = Set(aliases.keys).union(voices.map(\.name))
        let numbered = Self.openAINames.filter { !taken.contains($0) }.map { ($0, Self.auto) }
        return voices.map { OfferedVoice($0) } + made.map(OfferedVoice.init)
            + (aliases.map { ($0.key, $0.value) } + numbered).sorted { $0.0 < $1.0 }.map { name, target in
                let base = Self.split(target).base
                let languages = Self.match(base, in: voices, by: \.name)?.languages ?? []
                return OfferedVoice(Voice(name: name, languages: languages), aliasOf: target)
            }
    }

    /// Which voice speaks which part of a segment, for an engine that can change it within a text; empty when one
    /// speaks all. Only where the script chooses: a voice that was named speaks everything.
    package func spans(_ choice: VoiceChoice, for segment: TextSegment) -> [VoiceSpan] {
        let runs = segment.runs
        guard runs.count > 1, let main = ownVoice(choice, among: speakers(of: segment.script)) else { return [] }
        var spans: [VoiceSpan] = []
        for run in runs {
            let isRead =
                run.script == segment.script || run.script == .other || ScriptReaders.speaks(main.voice, run.script)
            let name = (isRead ? nil : ownVoice(choice, among: scripts.readers(of: run.script))?.name) ?? main.name
            if spans.last?.voice == name {
                spans[spans.count - 1].length += run.length
            } else {
                spans.append(VoiceSpan(length: run.length, voice: name))
            }
        }
        return spans.count > 1 ? spans : []
    }

    /// What a requested name comes to; `nil` is `auto`.
    /// - Throws: `voiceNotFound`.
    package func choice(named name: String?) throws(SpeechError) -> VoiceChoice {
        let name = name ?? Self.auto
        if let target = Self.match(name, in: Array(aliases), by: \.key)?.value {
            guard let choice = direct(target) else {
                throw notFound(
                    "The voice '\(Self.shown(name))' stands for '\(target)', which engine '\(engine)' does not have."
                )
            }
            return choice
        }
        if let choice = direct(name) { return choice }
        if let number = Self.openAINames.firstIndex(of: name.lowercased()) { return .numbered(number) }
        throw notFound("Engine '\(engine)' has no voice '\(Self.shown(name))'.")
    }

    /// The voice to name to the engine; `nil` leaves the choice to the engine.
    package func voice(_ choice: VoiceChoice, for script: SpokenScript) -> String? {
        switch choice {
        case .named(let name): return name
        case .made(let voice): return voice.name
        case .byScript, .numbered: return ownVoice(choice, among: speakers(of: script))?.name
        }
    }

    /// The one of some voices that a choice by script means, and its name with the suffix.
    private func ownVoice(_ choice: VoiceChoice, among voices: [Voice]) -> (voice: Voice, name: String)? {
        switch choice {
        case .named, .made: return nil
        case .byScript(let suffix): return voices.first.map { ($0, $0.name + suffix) }
        case .numbered(let number):
            guard !voices.isEmpty else { return nil }
            let voice = voices[number % voices.count]
            return (voice, voice.name)
        }
    }

    /// What a name stands for that callers can neither give to a voice nor take away, such as `an alias of the
    /// configuration`; `nil` if they can.
    package func fixedMeaning(of name: String) -> String? {
        if Self.match(name, in: Array(aliases.keys), by: \.self) != nil { return "an alias of the configuration" }
        if Self.match(name, in: voices, by: \.name) != nil { return "one of the engine's own voices" }
        let isEverywhere = ([Self.auto] + Self.openAINames).contains(name.lowercased())
        return isEverywhere ? "a name that every engine knows" : nil
    }

    /// A name without the help of the aliases; `nil` if there is nothing of that name.
    private func direct(_ name: String) -> VoiceChoice? {
        if let voice = Self.match(name, in: voices, by: \.name) { return .named(voice.name) }
        if let voice = Self.match(name, in: made, by: \.name) { return .made(voice) }
        let (base, suffix) = Self.split(name)
        if base.lowercased() == Self.auto { return .byScript(suffix: suffix) }
        if voices.isEmpty, !Self.openAINames.contains(name.lowercased()) { return .named(name) }
        return Self.match(base, in: voices, by: \.name).map { .named($0.name + suffix) }
    }

    /// The voices for a script, the best first: those that speak it, else those for English, else all.
    private func speakers(of script: SpokenScript) -> [Voice] {
        let readers = scripts.readers(of: script)
        if !readers.isEmpty { return readers }
        return script == .latin ? voices : speakers(of: .latin)
    }

    /// A name and its variant, such as `en-us` and `+f2`. The engine gets the variant as it is, so its form is checked.
    private static func split(_ name: String) -> (base: String, suffix: String) {
        guard let plus = name.lastIndex(of: "+") else { return (name, "") }
        let variant = name[plus...].dropFirst()
        let isPlain = variant.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_ ".contains($0)) }
        return isPlain && !variant.isEmpty ? (String(name[..<plus]), String(name[plus...])) : (name, "")
    }

    private static func match<Item>(_ name: String, in items: [Item], by key: (Item) -> String) -> Item? {
        if let exact = items.first(where: { key($0) == name }) { return exact }
        let name = name.lowercased()
        return items.first { key($0).lowercased() == name }
    }

    /// What an error message says back: enough to recognise, not a whole book.
    private static func shown(_ name: String) -> Substring { name.prefix(64) }

    private func notFound(_ what: String) -> SpeechError {
        let some = (aliases.keys.sorted() + voices.map(\.name) + made.map(\.name)).prefix(6).joined(separator: ", ")
        return SpeechError(
            .voiceNotFound,
            "\(what) There are, for example: auto, \(some). GET /v1/audio/voices lists all.",
            param: "voice"
        )
    }
}

/// A part of a segment and the voice that speaks it.
package struct VoiceSpan: Sendable, Equatable {
    /// How many Unicode scalars of the segment's text it is.
    package var length: Int
    /// A voice of the engine.
    package var voice: String

    /// As it stands in `synthesize.context.spans`.
    var json: JSONValue { .object(["length": .integer(length), "voice": .string(voice)]) }
}
