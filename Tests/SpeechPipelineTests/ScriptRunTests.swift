import SpeechPipeline
import Testing

@Suite("Runs of a script")
struct ScriptRunTests {
    /// The runs of a text that is one segment, each as its script and its words.
    private func runs(_ text: String) -> [String] {
        let segments = TextSegmenter().segments(of: text)
        #expect(segments.count == 1)
        var rest = Array(text.unicodeScalars)[...]
        return segments.flatMap(\.runs).map { run in
            defer { rest = rest.dropFirst(run.length) }
            return "\(run.script): \(String(String.UnicodeScalarView(rest.prefix(run.length))))"
        }
    }

    @Test(
        "Words in another script are a run, with the digits, marks and spaces after them",
        arguments: [
            ["latin: My friend ", "han: 小明 ", "latin: said ", "han: 你好 ", "latin: to me."],
            ["latin: The word ", "hebrew: שלום ", "latin: means peace."],
            ["han: 我用", "latin: iPhone 15 ", "han: 打电话给", "latin: Tom。"],
            ["latin: They call it ", "arabic: سلام, ", "latin: and in Moscow ", "cyrillic: мир."],
            ["latin: Athens is ", "greek: Αθήνα, ", "latin: Bangkok ", "thai: กรุงเทพ."],
            ["cyrillic: Я читаю ", "latin: The Times ", "cyrillic: каждый день."],
            ["devanagari: मेरा ", "latin: iPhone ", "devanagari: नया है।"],
            ["hangul: 저는 ", "latin: Tom", "hangul: 입니다."],
            ["han: 他说", "latin: “Hello” ", "han: 然后走了"],
            ["latin: The sign ", "han: 好 ", "latin: is a word."],
        ]
    )
    func words(parts: [String]) {
        let text = parts.map { $0.split(separator: ": ", maxSplits: 1)[1] }.joined()
        #expect(runs(text) == parts)
    }

    @Test(
        "A single letter is a symbol, and part of what is around it",
        arguments: ["维生素C很好。", "A股今天涨了。", "The angle α is small.", "It is 5 μm long.", "The letter Я is the last one."]
    )
    func symbols(text: String) {
        #expect(runs(text).count == 1)
    }

    @Test("Han in a Japanese sentence is Japanese, and Latin words in it are a run")
    func japanese() {
        #expect(runs("東京は大きい都市です。") == ["japanese: 東京は大きい都市です。"])
        #expect(runs("私はTomです。") == ["japanese: 私は", "latin: Tom", "japanese: です。"])
    }

    @Test("What has no letters is one run")
    func noLetters() {
        #expect(runs("42!") == ["latin: 42!"])
    }
}
