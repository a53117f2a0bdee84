import SpeechCore
import Synchronization

/// Which of an engine's voices speak a script. It is found out once for each script: an engine may have a hundred
/// voices, and every word of a text asks.
final class ScriptReaders: Sendable {
    /// All voices of the engine.
    let voices: [Voice]
    private let found = Mutex<[SpokenScript: [Voice]]>([:])

    init(_ voices: [Voice]) {
        self.voices = voices
    }

    /// The voices that speak the likeliest language of a script that any voice speaks, the best first.
    func readers(of script: SpokenScript) -> [Voice] {
        found.withLock { found in
            if let readers = found[script] { return readers }
            let readers = search(script)
            found[script] = readers
            return readers
        }
    }

    /// Whether a voice speaks a language that is written in a script.
    static func speaks(_ voice: Voice, _ script: SpokenScript) -> Bool {
        script.languages.contains { speaks(voice, $0) }
    }

    private func search(_ script: SpokenScript) -> [Voice] {
        for language in script.languages {
            let speakers = voices.filter { Self.speaks($0, language) }
            // American English is what callers of OpenAI's voices expect.
            let isAmerican = { (voice: Voice) in voice.languages.contains { Self.normalized($0) == "en-us" } }
            if !speakers.isEmpty { return speakers.filter(isAmerican) + speakers.filter { !isAmerican($0) } }
        }
        return []
    }

    private static func speaks(_ voice: Voice, _ language: String) -> Bool {
        voice.languages.contains { normalized($0).prefix { $0 != "-" } == language }
    }

    private static func normalized(_ tag: String) -> String {
        String(tag.lowercased().map { $0 == "_" ? "-" : $0 })
    }
}
