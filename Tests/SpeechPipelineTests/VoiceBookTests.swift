import SpeechCore
import SpeechPipeline
import Testing

@Suite("Voices")
struct VoiceBookTests {
    private static let espeak = [
        Voice(name: "de", languages: ["de"]), Voice(name: "cmn", languages: ["cmn"]),
        Voice(name: "cmn-latn-pinyin", languages: ["cmn-latn-pinyin"]), Voice(name: "yue", languages: ["yue"]),
        Voice(name: "en-gb", languages: ["en-gb"]),
        Voice(name: "en-us", languages: ["en-us"]), Voice(name: "ja", languages: ["ja"]),
        Voice(name: "ru", languages: ["ru"]),
    ]

    private func name(
        _ requested: String?,
        _ script: SpokenScript = .latin,
        voices: [Voice] = espeak,
        made: [MadeVoice] = [],
        aliases: [String: String] = [:]
    ) throws -> String? {
        let book = VoiceBook(engine: "test", voices: voices, made: made, aliases: aliases)
        return book.voice(try book.choice(named: requested), for: script)
    }

    @Test(
        "With no voice, or auto, the script chooses",
        arguments: [
            (SpokenScript.latin, "en-us"), (.han, "cmn"), (.japanese, "ja"), (.cyrillic, "ru"), (.hangul, "en-us"),
            (.other, "en-us"),
        ]
    )
    func byScript(script: SpokenScript, expected: String) throws {
        #expect(try name(nil, script) == expected)
        #expect(try name("Auto", script) == expected)
        #expect(try name("narrator", script, aliases: ["narrator": "auto+f2"]) == "\(expected)+f2")
        #expect(try name("auto+m3", script) == "\(expected)+m3")
    }

    @Test("The likeliest language of a script wins, then the others, then English, then the first voice")
    func fallback() throws {
        #expect(
            try name(nil, .han, voices: [Voice(name: "c", languages: ["yue"]), Voice(name: "m", languages: ["zh_CN"])])
                == "m"
        )
        #expect(
            try name(nil, .han, voices: [Voice(name: "d", languages: ["de"]), Voice(name: "e", languages: ["en_GB"])])
                == "e"
        )
        #expect(try name(nil, .latin, voices: [Voice(name: "d", languages: ["de"]), Voice(name: "s")]) == "d")
        #expect(try name(nil, .han, voices: [Voice(name: "both", languages: ["en", "zh"])]) == "both")
    }

    @Test("An engine's own name is taken exactly, then without regard to case, then with a variant")
    func ownNames() throws {
        let voices = [Voice(name: "Amy"), Voice(name: "amy"), Voice(name: "Bob")]
        #expect(try name("amy", voices: voices) == "amy")
        #expect(try name("AMY", voices: voices) == "Amy")
        #expect(try name("bob+f2", .han, voices: voices) == "Bob+f2")
    }

    @Test("An alias is taken before all else, and may point at a voice with a variant")
    func aliases() throws {
        let aliases = ["alloy": "auto+f1", "boss": "en-gb+m7", "de": "ru", "auto": "auto+f9"]
        #expect(try name("alloy", .han, aliases: aliases) == "cmn+f1")
        #expect(try name("BOSS", .han, aliases: aliases) == "en-gb+m7")
        #expect(try name("de", aliases: aliases) == "ru")
        #expect(try name(nil, aliases: aliases) == "en-us+f9")
    }

    @Test("OpenAI's names work on every engine and spread over the voices that speak the script")
    func openAINames() throws {
        #expect(try name("alloy") == "en-us")
        #expect(try name("ash") == "en-gb")
        #expect(try name("Ballad") == "en-us")
        #expect(try name("ash", .han) == "cmn-latn-pinyin")
        #expect(try name("ballad", .han) == "cmn")
        #expect(try name("cedar", .hangul) == "en-us")
        #expect(try name("echo", voices: [Voice(name: "one")]) == "one")
        for requested in VoiceBook.openAINames {
            #expect(try name(requested, .japanese) == "ja")
            #expect(try name(requested, voices: []) == nil)
        }
    }

    @Test("An engine that names no voices takes any name as it is")
    func unnamedVoices() throws {
        #expect(try name("speaker 7", voices: []) == "speaker 7")
        #expect(try name("boss", voices: [], aliases: ["boss": "speaker+7"]) == "speaker+7")
        #expect(try name(nil, voices: []) == nil)
        #expect(try name("auto+f2", voices: []) == nil)
        #expect(try name("alloy", voices: [], aliases: ["alloy": "speaker 1"]) == "speaker 1")
    }

    @Test(
        "An unknown name is refused with names that exist",
        arguments: ["nobody", "", "nobody+f2", "de+", "de+../x", "+f2", "broken"]
    )
    func unknown(requested: String) throws {
        let book = VoiceBook(engine: "test", voices: Self.espeak, aliases: ["boss": "de", "broken": "gone"])
        let error = try #require(throws: SpeechError.self) { try book.choice(named: requested) }
        #expect(error.code == .voiceNotFound)
        #expect(error.param == "voice")
        #expect(error.message.contains("boss, broken, de, cmn, cmn-latn-pinyin"))
        #expect(error.message.contains("GET /v1/audio/voices"))
        #expect(error.message.count < 400)
    }

    private func spans(_ requested: String?, _ text: String, voices: [Voice] = espeak) throws -> [String] {
        let book = VoiceBook(engine: "test", voices: voices, aliases: ["boss": "en-gb"])
        let segment = try #require(TextSegmenter().segments(of: text).first)
        return book.spans(try book.choice(named: requested), for: segment).map { "\($0.length) \($0.voice)" }
    }

    @Test("Where the script chooses, the words of each script have a voice of their own")
    func spans() throws {
        let text = "My friend 小明 said hi."
        #expect(try spans(nil, text) == ["10 en-us", "3 cmn", "8 en-us"])
        #expect(try spans("auto+f2", text) == ["10 en-us+f2", "3 cmn+f2", "8 en-us+f2"])
        #expect(try spans("ash", text) == ["10 en-gb", "3 cmn-latn-pinyin", "8 en-gb"])
        #expect(try spans(nil, "我用iPhone打电话。") == ["2 cmn", "6 en-us", "4 cmn"])
    }

    @Test("A voice that was named speaks everything, and so does one that reads all, or that nobody could help")
    func oneVoice() throws {
        let text = "My friend 小明 said hi."
        for name in ["en-us", "cmn", "boss", "en-us+f2"] { #expect(try spans(name, text).isEmpty) }
        let both = Voice(name: "both", languages: ["zh", "en"])
        #expect(try spans(nil, text, voices: [both, Voice(name: "zh", languages: ["zh"])]).isEmpty)
        #expect(try spans(nil, "我用iPhone打电话。", voices: [both, Voice(name: "us", languages: ["en-us"])]).isEmpty)
        #expect(try spans(nil, text, voices: [Voice(name: "us", languages: ["en-us"])]).isEmpty)
        #expect(try spans(nil, text, voices: [Voice(name: "one"), Voice(name: "two")]).isEmpty)
        #expect(try spans(nil, text, voices: []).isEmpty)
        // Of the scripts that nobody reads, each stays with the words around it.
        #expect(try spans(nil, "The word שלום is 和平 here.") == ["17 en-us", "3 cmn", "5 en-us"])
    }

    private static let amy = MadeVoice(name: "Amy", description: "Warm.", createdAt: 7, speaker: ["code": .string("x")])

    @Test("A made voice is chosen by its name or an alias, in any case, and never by a script")
    func made() throws {
        let book = VoiceBook(engine: "test", voices: Self.espeak, made: [Self.amy], aliases: ["boss": "amy"])
        for name in ["Amy", "amy", "boss", "BOSS"] { #expect(try book.choice(named: name) == .made(Self.amy)) }
        #expect(book.voice(.made(Self.amy), for: .han) == "Amy")
        #expect(throws: SpeechError.self) { try book.choice(named: "Amy+f2") }
        #expect(try name(nil, .han, voices: [], made: [Self.amy]) == nil)
        #expect(try name("alloy", .hangul, voices: [Voice(name: "one")], made: [Self.amy]) == "one")
        #expect(try name("amy", voices: [], made: [Self.amy]) == "Amy")
        #expect(try name("bob", voices: [], made: [Self.amy]) == "bob")
    }

    @Test("An engine's own voice comes before a made one of the same name")
    func ownBeforeMade() throws {
        let book = VoiceBook(engine: "test", voices: [Voice(name: "amy")], made: [Self.amy], aliases: [:])
        #expect(try book.choice(named: "Amy") == .named("amy"))
    }

    @Test("Names that mean something already are known as that")
    func fixedMeanings() {
        let book = VoiceBook(engine: "test", voices: Self.espeak, made: [Self.amy], aliases: ["boss": "de"])
        #expect(book.fixedMeaning(of: "Boss") == "an alias of the configuration")
        #expect(book.fixedMeaning(of: "EN-us") == "one of the engine's own voices")
        #expect(book.fixedMeaning(of: "AUTO") == "a name that every engine knows")
        #expect(book.fixedMeaning(of: "Nova") == "a name that every engine knows")
        #expect(book.fixedMeaning(of: "Amy") == nil)
        #expect(book.fixedMeaning(of: "nobody") == nil)
    }

    @Test("Made voices are offered between the engine's own and the aliases")
    func madeOffered() {
        let book = VoiceBook(engine: "test", voices: [Voice(name: "z")], made: [Self.amy], aliases: ["a": "amy"])
        #expect(book.offered.prefix(3).map(\.voice.name) == ["z", "Amy", "a"])
        #expect(book.offered[1] == OfferedVoice(Voice(name: "Amy", description: "Warm."), madeAt: 7))
    }

    @Test("The offer is the engine's own voices, then the aliases and OpenAI's names")
    func offered() {
        let voices = [Voice(name: "b", languages: ["de"]), Voice(name: "a")]
        let book = VoiceBook(engine: "test", voices: voices, aliases: ["z": "b+f2", "nova": "b"])
        let names = book.offered.map(\.voice.name)
        #expect(Array(names.prefix(3)) == ["b", "a", "alloy"])
        #expect(Set(names) == Set(["a", "b", "z"] + VoiceBook.openAINames))
        #expect(book.offered.contains(OfferedVoice(Voice(name: "z", languages: ["de"]), aliasOf: "b+f2")))
        #expect(book.offered.contains(OfferedVoice(Voice(name: "nova", languages: ["de"]), aliasOf: "b")))
        #expect(book.offered.contains(OfferedVoice(Voice(name: "alloy"), aliasOf: "auto")))
    }
}
