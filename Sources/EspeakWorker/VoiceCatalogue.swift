import CEspeak
import Glibc
import SpeechCore

/// The voices that libespeak-ng speaks by itself, and what they can do. MBROLA's are left out: they need another
/// program and its data.
///
/// In some versions of the library the voice that it gives for Mandarin does not read Chinese characters, while another
/// one does. So those for Chinese are tried: one that does not read it is replaced by one of its language that does, or
/// else is not listed for it.
struct VoiceCatalogue {
    /// In the library's order. The name is what `espeak-ng -v` takes; the description is the voice's full name.
    let voices: [Voice]
    /// What may follow a voice's name after a `+`, such as `f2`.
    let variants: Set<String>
    /// Such as `1.51`.
    let libraryVersion: String
    /// Voices that are replaced, by their files: each, then the one that speaks instead. A null pointer is the end.
    let substitutes: [UnsafePointer<CChar>?]

    /// Voices by their files, such as `gmw/en-us`.
    private let files: Set<String>
    /// Names and files of the voices that read Chinese characters, by themselves or by their substitutes.
    private let hanReaders: Set<String>
    /// The first parts of the languages, such as `en`.
    private let languages: Set<String>

    /// The voice of a job that names none.
    static let defaultVoice = "en-us"

    /// The first parts of the languages that are Chinese, as far as the library reads them.
    private static let chinese: Set<String> = ["cmn", "zh", "yue"]
    /// The first part of another language that is written in Chinese characters, too.
    private static let japanese = "ja"

    /// Asks the library, which must be initialized.
    init() throws(WorkerError) {
        let entries = Self.list(language: nil).filter { !$0.file.hasPrefix("mb/") }
        let (substitutes, unable) = try Self.replacements(among: entries)
        var voices: [Voice] = []
        var hanReaders: Set<String> = []
        var names: Set<String> = []
        for entry in entries {
            // A language's name gives the first of its voices, and none if it holds capitals: those are looked up in
            // lower case. The name of the voice's file always works.
            let language = entry.languages.first.flatMap { $0 == $0.lowercased() ? $0 : nil }
            let name = language.flatMap { names.insert($0).inserted ? $0 : nil } ?? entry.file
            let isUnable = unable.contains(entry.file)
            let languages = entry.languages.filter { !isUnable || !Self.isChinese($0) }
            voices.append(Voice(name: name, languages: languages, description: entry.name))
            if !isUnable, entry.isWrittenInHan { hanReaders.formUnion([name.lowercased(), entry.file.lowercased()]) }
        }
        self.voices = voices
        self.hanReaders = hanReaders
        self.libraryVersion = String(cString: espeak_Info(nil))
        self.files = Set(entries.map { $0.file.lowercased() })
        self.languages = Set(entries.flatMap(\.languages).map(Self.primary))
        self.variants = Set(
            Self.list(language: "variant").compactMap { $0.file.hasPrefix("!v/") ? String($0.file.dropFirst(3)) : nil }
        )
        // They live as long as the process, as the library's own lists do.
        self.substitutes = substitutes.map { UnsafePointer(strdup($0)) } + [nil]
    }

    /// Tries the voices for Chinese and Japanese.
    /// - Returns: the files of those that are replaced, each with that of its substitute after it, and the files of
    ///   those that do not read Chinese characters and have no substitute.
    private static func replacements(among entries: [Entry]) throws(WorkerError) -> ([String], unable: Set<String>) {
        var able: [Entry] = []
        var others: [Entry] = []
        for entry in entries where entry.isWrittenInHan {
            if try Probe.readsHan(entry.file) { able.append(entry) } else { others.append(entry) }
        }
        var substitutes: [String] = []
        var unable: Set<String> = []
        for entry in others {
            if let substitute = able.first(where: { primary($0.languages[0]) == primary(entry.languages[0]) }) {
                substitutes += [entry.file, substitute.file]
            } else {
                unable.insert(entry.file)
            }
        }
        return (substitutes, unable)
    }

    /// Whether a voice of this name may be asked of the library, which for some other names crashes or silently speaks
    /// with another voice.
    func knows(_ name: String) -> Bool {
        let parts = name.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let voice = parts[0].lowercased()
        guard files.contains(voice) || languages.contains(Self.primary(voice)) else { return false }
        return parts.count == 1 || variants.contains(parts[1])
    }

    /// Whether the voice of a name that is known reads Chinese characters. The library knows which voice is meant by a
    /// language for which none has its name: one for that language.
    func readsHan(_ name: String) -> Bool {
        let base = String(name.lowercased().prefix { $0 != "+" })
        return hanReaders.contains(base) || !files.contains(base) && !hanReaders.isEmpty && Self.isChinese(base)
    }

    private static func isChinese(_ language: String) -> Bool { chinese.contains(primary(language)) }

    private static func primary(_ language: String) -> String {
        language.lowercased().split(separator: "-").first.map(String.init) ?? ""
    }

    private struct Entry {
        var name: String
        var file: String
        var languages: [String]

        var isWrittenInHan: Bool { languages.contains { isChinese($0) || primary($0) == japanese } }
    }

    private static func list(language: String?) -> [Entry] {
        // Both live as long as the process: the library keeps the list, and reads the language while it makes it.
        guard let language else { return entries(espeak_ListVoices(nil)) }
        return language.withCString { language in
            var filter = espeak_VOICE()
            filter.languages = language
            return entries(espeak_ListVoices(&filter))
        }
    }

    private static func entries(_ list: UnsafeMutablePointer<UnsafePointer<espeak_VOICE>?>?) -> [Entry] {
        guard let list else { return [] }
        var entries: [Entry] = []
        var index = 0
        while let voice = list[index]?.pointee {
            index += 1
            guard let name = voice.name, let file = voice.identifier else { continue }
            entries.append(
                Entry(
                    name: String(cString: name),
                    file: String(cString: file),
                    languages: voice.languages.map(languages) ?? []
                )
            )
        }
        return entries
    }

    /// Reads the library's list of languages: each a priority byte and a string, and a zero at the end.
    private static func languages(_ list: UnsafePointer<CChar>) -> [String] {
        var languages: [String] = []
        var position = list
        while position.pointee != 0 {
            let language = String(cString: position + 1)
            languages.append(language)
            position += 1 + language.utf8.count + 1
        }
        return languages
    }
}
