import SpeechCore
import Testing
import Wyoming

/// The speech is compared with what people and dictionaries say. A program that is asked in the same wrong way would make
/// the same mistakes.
@Suite("chorus-espeak: languages")
struct LanguageTests {
    private func start() throws -> WorkerProcess { try WorkerProcess("chorus-espeak") }

    @Test("The hundred commonest Chinese characters are read as the dictionary says")
    func han() throws {
        #expect(Pinyin.commonest.count == 100)
        for (character, readings) in Pinyin.commonest {
            let said = Pinyin.normalized(try EspeakProgram.phonemes(character, voice: "cmn", ipa: false))
            #expect(readings.contains { Pinyin.sound(of: $0) == said }, "\(character) is \(readings), not \(said)")
            #expect(readings.allSatisfy { Pinyin.sound(of: $0) != nil }, "\(readings)")
        }
        let worker = try start()
        let text = Pinyin.commonest.map(\.character).joined(separator: "，")
        #expect(try worker.connect().speak(text, voice: "cmn").samples == EspeakProgram.samples(text, voice: "cmn"))
    }

    @Test(
        "Chinese is Mandarin by whatever name the voice is asked for",
        arguments: [
            "cmn", "CMN", "sit/cmn", "zh", "zh-CN", "zh-cmn", "cmn-latn-pinyin", "cmn+f2", "sit/cmn-Latn-pinyin+f2",
        ]
    )
    func mandarin(voice: String) throws {
        let worker = try start()
        let speech = try worker.connect().speak("今天天气很好。", voice: voice)
        let variant = voice.hasSuffix("+f2") ? "+f2" : ""
        #expect(try speech.samples == EspeakProgram.samples("今天天气很好。", voice: "sit/cmn-Latn-pinyin\(variant)"))
    }

    @Test("Each voice that is listed for Chinese reads it, and there are ones for Mandarin and Cantonese")
    func listed() throws {
        let worker = try start()
        let client = try worker.connect()
        client.send(.describe)
        guard case .info(let info) = try client.next() else {
            Issue.record("no info")
            return
        }
        let isChinese = { (language: String) in ["zh", "cmn", "yue"].contains(language.prefix { $0 != "-" }) }
        let voices = info.voices.filter { $0.languages.contains(where: isChinese) }.map(\.name)
        #expect(voices.contains("cmn") && voices.contains("yue"))
        for voice in voices {
            let said = try EspeakProgram.phonemes("的一是不了在有人我他", voice: voice, ipa: false)
            #expect(!said.isEmpty && !said.contains("("), "\(voice): \(said)")
        }
    }

    @Test("What clients of any engine may send and espeak-ng does not do is told")
    func withoutEffect() throws {
        let worker = try WorkerProcess("chorus-espeak")
        let context: [String: JSONValue] = ["seed": .integer(7), "instructions": .string("Cheerfully.")]
        let speech = try worker.connect().speak("Hello.", voice: "en-us", context: context)
        #expect(speech.error == nil)
        #expect(
            speech.notes == [
                .string("`instructions` has no effect: espeak-ng does not follow them."),
                .string("`seed` has no effect: espeak-ng does not use it."),
            ]
        )
    }

    @Test("Whose voice does not read Chinese characters is told so, and nobody else")
    func notes() throws {
        let worker = try start()
        let client = try worker.connect()
        let notes = { (text: String, voice: String) in try client.speak(text, voice: voice).notes }
        let note = "espeak-ng's voice \"ja\" does not read Chinese characters: it says \"Chinese letter\" for each"
        #expect(try notes("東京です。", "ja") == [.string(note)])
        #expect(try notes("My friend 小明.", "en-us+f2").count == 1)
        #expect(try notes("こんにちは。", "ja").isEmpty)
        for voice in ["cmn", "zh", "zh-CN", "cmn+f2", "sit/cmn", "cmn-latn-pinyin", "yue"] {
            #expect(try notes("小明。", voice).isEmpty, "\(voice)")
        }
    }

    /// The twelve languages that most people speak, in the order of their numbers. The phonemes were read against a
    /// dictionary of each, not taken on trust.
    @Test(
        "The twelve most spoken languages are spoken as they should be",
        arguments: [
            ("en-us", "Good morning, my friend.", "ɡˈʊd mˈɔːɹnɪŋ\nmaɪ fɹˈɛnd"),
            ("cmn", "早上好，我的朋友。", "tsˈɑu2 s.ˈa5ŋ χˈɑu2\nwˈo2 tə4 phˈəɜŋ jˈiou2"),
            ("hi", "मेरा नाम राम है।", "mˌeːɾaː nˈaːm ɾˈaːm hɛː"),
            ("es", "Buenos días, amigo.", "bwˈenos ðˈias\namˈiɣo"),
            ("fr", "Bonjour tout le monde.", "bɔ̃ʒˈuʁ tulmˈɔ̃d"),
            ("ar", "صباح الخير", "s̪ˈabaːħ ʔalχˈajr"),
            ("bn", "আমার নাম রাম", "ˌamaɾ nˈam ɾˈam"),
            ("pt", "Bom dia, amigo.", "bˈoŋ dˈiɐ\nɐmˈiɡʊ"),
            ("ru", "Мама мыла раму.", "mˈɑma mˈyɭa rˈɑmu"),
            ("ur", "میرا نام احمد ہے", "mˈeːraː nˈaːm ˈɛhməd hɛ"),
            ("id", "Selamat pagi.", "səlˈamat pˈaɡi"),
            ("de", "Guten Morgen.", "ɡˈuːtən mˈɔɾɡən"),
        ]
    )
    func languages(voice: String, text: String, phonemes: String) throws {
        #expect(try EspeakProgram.phonemes(text, voice: voice, ipa: true) == phonemes)
        let worker = try start()
        #expect(try worker.connect().speak(text, voice: voice).samples == EspeakProgram.samples(text, voice: voice))
    }
}
