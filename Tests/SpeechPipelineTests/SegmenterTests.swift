import SpeechPipeline
import Testing

@Suite("Text to segments")
struct SegmenterTests {
    /// The sentences of a text: segments that are not joined, however short.
    private func sentences(_ text: String) -> [String] {
        var limits = SegmentLimits()
        limits.target = 0
        limits.firstMaximum = limits.maximum
        return TextSegmenter(limits: limits).segments(of: text).map(\.text)
    }

    private func segments(_ text: String) -> [String] {
        TextSegmenter().segments(of: text).map(\.text)
    }

    @Test(
        "Sentences end where a reader would end them",
        arguments: [
            // English: abbreviations, initials, numbers.
            ["Dr. Smith met Mr. Jones.", "They left."],
            ["It rains in St. Petersburg.", "And in Mt. Vernon vs. Rome."],
            ["Use a list, e.g. Apples.", "I.e. The fruit."],
            ["The U.S. President spoke.", "So did J. R. R. Tolkien."],
            ["She has a Ph.D. Really.", "At 5 p.m. Monday."],
            ["See No. 5 of vol. 3.", "No.", "Never."],
            ["Read fig. 3.", "Then Jan. 5 came."],
            ["Pi is 3.14.", "It costs $1,000.50 today."],
            ["1. First of all.", "2. Then this.", "It is 4.", "Really."],
            // Ellipses.
            ["Wait... what?", "Wait...", "What?"],
            ["I thought…", "He left… and came."],
            ["他走了……", "然后回来了。"],
            // Quotes and brackets.
            ["“Hello!” he said.", "“Why?”", "She left."],
            ["\"Stop!\" he cried.", "(It was late.)", "He went."],
            ["„Hallo!“ sagte er.", "Gut."],
            // URLs, e-mail, names of files.
            ["See http://example.com/?q=Foo.Bar!Baz for more.", "Mail A.B@example.com.", "Or www.example.com."],
            ["Open README.md or example.com.", "Swift 6.3 is out."],
            // Chinese and Japanese.
            ["你好吗？", "我很好！", "他走了；", "再见。"],
            ["他说：“你好！”", "“走吧。”", "（完。）", "他们走了。"],
            ["「こんにちは。」", "今日は晴れです！", "行こう。"],
            ["我用Swift 6.3。", "很好。"],
            // Other scripts.
            ["Привет, как дела?", "Хорошо."], ["مرحبا؟", "نعم."], ["नमस्ते।", "आप कैसे हैं?"],
            // Nothing ends.
            ["really?", "yes. it is all lower case"],
        ]
    )
    func sentenceBoundaries(expected: [String]) {
        let isCJK = expected[0].unicodeScalars.contains { (0x3000...0x9FFF).contains($0.value) }
        #expect(sentences(expected.joined(separator: isCJK ? "" : " ")) == expected)
    }

    @Test("The end of a line or a paragraph ends a sentence and stays, and other white space collapses")
    func lines() {
        #expect(
            sentences("  A title\n\nThe\ttext   goes \r\n on.\u{3000}\u{2029}End\n") == [
                "A title", "The text goes", "on.", "End",
            ]
        )
        #expect(segments("A title that is alone.\nOne\ntwo.") == ["A title that is alone.", "One\ntwo."])
        #expect(segments("List\n\n- pear \r\n- fig\r- nut\u{2029}- oak") == ["List", "- pear\n- fig\n- nut\n- oak"])
        #expect(segments("购物清单\n苹果\n香蕉") == ["购物清单", "苹果\n香蕉"])
        #expect(segments(" \n\t\u{A0} ").isEmpty)
        #expect(segments("").isEmpty)
    }

    @Test("Control tokens stay whole and with a neighbour")
    func tokens() {
        #expect(
            sentences("Hi.[uv_break] There.[laugh] Then [oral_2]") == [
                "Hi.[uv_break]", "There.[laugh]", "Then [oral_2]",
            ]
        )
        #expect(sentences("你好。[uv_break]我是谁？[laugh]") == ["你好。[uv_break]", "我是谁？[laugh]"])
        #expect(sentences("[laugh]\nHello.\n[uv_break]\nWorld.") == ["[laugh]\nHello.\n[uv_break]", "World."])
        #expect(sentences("[laugh] [laugh]") == ["[laugh] [laugh]"])
        // Brackets that are not tokens are text.
        #expect(
            sentences("As shown.[1] Then [see below. Or not.]") == ["As shown.", "[1] Then [see below.", "Or not.]"]
        )
        let long = segments(String(repeating: "[uv_break]", count: 100))
        #expect(long.count > 1)
        #expect(long.allSatisfy { $0.hasPrefix("[uv_break]") && $0.hasSuffix("[uv_break]") })
    }

    @Test("Punctuation alone is part of a neighbour, or a segment if there is nothing else")
    func punctuation() {
        #expect(sentences("One.\n***\nTwo.") == ["One.\n***", "Two."])
        #expect(sentences("— —\nOne.") == ["— —\nOne."])
        #expect(segments("...") == ["..."])
        #expect(segments("？！\n。") == ["？！\n。"])
    }

    @Test("The first sentence is alone, and short ones after it are joined")
    func joining() {
        #expect(segments("Hi there. One. Two. Three.") == ["Hi there.", "One. Two. Three."])
        let sentence = "This sentence weighs about fifty, as you can see."
        #expect(segments("Hi. \(sentence) \(sentence) \(sentence)") == ["Hi.", "\(sentence) \(sentence)", sentence])
        #expect(segments("你好。今天天气很好。我们去公园吧。") == ["你好。", "今天天气很好。我们去公园吧。"])
    }

    @Test("Sentences of different scripts are not joined, and each knows its script")
    func scripts() {
        let text = "Hello. 你好吗？今日は晴れ。東京。안녕하세요. Привет. 42! Fine, thanks."
        #expect(
            TextSegmenter().segments(of: text) == [
                TextSegment(text: "Hello.", script: .latin),
                TextSegment(text: "你好吗？", script: .han),
                TextSegment(text: "今日は晴れ。", script: .japanese),
                TextSegment(text: "東京。", script: .han),
                TextSegment(text: "안녕하세요.", script: .hangul),
                TextSegment(text: "Привет. 42!", script: .cyrillic),
                TextSegment(text: "Fine, thanks.", script: .latin),
            ]
        )
    }

    @Test(
        "The script of a segment is what most of it is written in",
        arguments: [
            ("I really like 北京.", SpokenScript.latin), ("我喜欢Swift语言。", .han), ("OK、カタカナ", .japanese),
            ("漢字とkana", .japanese),
            ("123", .latin), ("😀", .latin), ("ᏣᎳᎩ", .other), ("ภาษาไทย", .thai), ("हिन्दी", .devanagari),
            ("Ελληνικά", .greek),
            ("עברית", .hebrew), ("العربية", .arabic), ("[laugh]你好", .han),
        ]
    )
    func script(text: String, script: SpokenScript) {
        #expect(TextSegmenter().segments(of: text).map(\.script) == [script])
    }

    @Test("A sentence in Han of a Japanese text is Japanese")
    func japaneseHan() {
        let scripts = TextSegmenter().segments(of: "昨日は雨でした。東京。明日も雨でしょう。").map(\.script)
        #expect(scripts == [.japanese, .japanese])
    }

    @Test("A long first sentence is cut at its first good clause, or not at all")
    func firstSegment() {
        let rest = "which then goes on and on for quite a while without any other stop in it."
        #expect(segments("Well, this is the first sentence, \(rest)") == ["Well, this is the first sentence,", rest])
        let whole = "This is a first sentence of the kind that has no clause in it but is not all that long after all."
        #expect(segments(whole) == [whole])
        // Neither part may be a scrap.
        let late = "This first sentence is just a little longer than its limit is, ok."
        #expect(segments(late) == [late])
        #expect(
            segments("我们今天一起去公园散步，天气非常好，大家都很高兴，因为明天不用上班。")
                == ["我们今天一起去公园散步，", "天气非常好，大家都很高兴，因为明天不用上班。"]
        )
    }

    @Test("A long sentence is cut at clauses into balanced pieces")
    func clauses() {
        let clause = "and this is a clause that has about fifty letters in it, "
        let pieces = segments(String(repeating: clause, count: 10)).dropFirst()
        #expect(pieces.count == 3)
        #expect(pieces.allSatisfy { $0.hasSuffix(",") && (100...240).contains($0.count) })
        // An abbreviation is no clause.
        let names = segments(String(repeating: "they met Mr. Miller and Mrs. Smith ", count: 20))
        #expect(names.allSatisfy { !$0.hasSuffix("Mr.") && !$0.hasSuffix("Mrs.") })
    }

    @Test("Text without punctuation is cut between words, in any language")
    func words() {
        let english = segments(String(repeating: "word ", count: 200))
        #expect(english.allSatisfy { $0.split(separator: " ").allSatisfy { $0 == "word" } })
        #expect(english.allSatisfy { (100...240).contains($0.count) })
        let chinese = segments(String(repeating: "我们喜欢北京烤鸭", count: 40))
        #expect(chinese.allSatisfy { (25...60).contains($0.count) })
        // ICU's dictionary knows these words: none is torn.
        #expect(chinese.allSatisfy { ["我们", "喜欢", "北京", "烤鸭"].contains($0.prefix(2)) })
        let thai = segments(String(repeating: "ภาษาไทย", count: 60))
        #expect(thai.allSatisfy { $0.hasPrefix("ภาษา") || $0.hasPrefix("ไทย") })
    }

    @Test("One enormous word is cut between graphemes")
    func graphemes() {
        let letters = segments(String(repeating: "x", count: 1_000))
        #expect(letters.allSatisfy { (100...240).contains($0.count) })
        let family = "👨‍👩‍👧‍👦"
        let families = segments(String(repeating: family, count: 100))
        #expect(families.count > 1)
        #expect(families.allSatisfy { $0.allSatisfy { $0 == "👨‍👩‍👧‍👦" } })
        let accents = segments(String(repeating: "e\u{301}\u{323}", count: 400))
        #expect(accents.allSatisfy { $0.unicodeScalars.first == "e" })
        // A grapheme is never cut, however long.
        let tower = "a" + String(repeating: "\u{301}", count: 1_000)
        #expect(segments("\(tower)bc") == [tower, "bc"])
        let hand = "👍" + String(repeating: "🏽", count: 1_000)
        #expect(segments(hand) == [hand])
    }

    @Test("A URL that is longer than a segment is cut, a shorter one is not")
    func longURL() {
        let url = "https://example.com/a/rather/long/path?with=a,query;and!more"
        let text = segments(String(repeating: "see \(url) and then ", count: 20))
        #expect(text.reduce(0) { $0 + $1.split(separator: " ").count { $0 == url } } == 20)
        #expect(segments("https://example.com/" + String(repeating: "a/", count: 500)).allSatisfy { $0.count <= 240 })
    }
}
