import SpeechPipeline
import SpeechTestSupport
import Testing

@Suite("Text to segments: properties")
struct SegmenterPropertyTests {
    private static let atoms = [
        "word", "Word", "a", "I", "Dr.", "e.g.", "No.", "U.S.", "3.14", "1,000", "7", "don't", "co-op", "naïve",
        "e\u{301}", "ﬁ",
        "我们", "北京", "喜", "散步", "ひらがな", "カタカナ", "漢字", "한국어", "Привет", "γειά", "שלום", "سلام", "ไทย", "नमस्ते",
        "😀", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "❤️", "𠮷", "𝒳",
        ".", ".", "!", "?", "...", "…", ",", ";", ":", "—", "-", "'", "\"", "(", ")", "[", "]", "“", "”", "‘", "’", "«",
        "»",
        "。", "。", "！", "？", "；", "，", "、", "……", "「", "」", "（", "）", "।", "؟",
        "[laugh]", "[uv_break]", "[oral_2]", "https://example.com/?a=1!B", "me@example.com", "\u{200B}", "\u{FEFF}",
        "\u{0}",
    ]
    private static let spaces = [" ", " ", " ", "  ", "\n", "\r\n", "\n\n", "\t", "\u{A0}", "\u{3000}", "\u{2028}"]

    private static func text(_ seed: UInt64) -> String {
        var random = SeededGenerator(seed: seed)
        // Some texts have many spaces, some none; some use few different atoms.
        let spacing = Int.random(in: 0...3, using: &random)
        let some = (0..<Int.random(in: 1...40, using: &random)).compactMap { _ in atoms.randomElement(using: &random) }
        var text = ""
        for _ in 0..<Int.random(in: 0...400, using: &random) {
            text += some.randomElement(using: &random) ?? ""
            if Int.random(in: 0..<4, using: &random) < spacing { text += spaces.randomElement(using: &random) ?? "" }
        }
        return text
    }

    /// The graphemes of a text that has no white space between them.
    private static func graphemes(_ text: String) -> [Character] {
        text.unicodeScalars.split { $0.properties.isWhitespace }.flatMap { Array(String($0)) }
    }

    private static func occurrences(of part: String, in text: String) -> Int {
        text.indices.count { text[$0...].hasPrefix(part) }
    }

    @Test("Whatever the text, nothing is lost, torn, reordered or too long")
    func properties() {
        for seed in UInt64(0)..<400 {
            let text = Self.text(seed)
            let segments = TextSegmenter().segments(of: text).map(\.text)
            #expect(segments.flatMap(Self.graphemes) == Self.graphemes(text), "seed \(seed)")
            for token in ["[laugh]", "[uv_break]", "[oral_2]"] {
                let expected = Self.occurrences(of: token, in: text)
                #expect(segments.reduce(0) { $0 + Self.occurrences(of: token, in: $1) } == expected, "seed \(seed)")
            }
            for segment in segments {
                // No letter weighs more than 4, so no segment within the limit is longer than it.
                #expect((1...SegmentLimits().maximum).contains(segment.unicodeScalars.count), "seed \(seed)")
                let parts = segment.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == " " || $0 == "\n" }
                #expect(parts.allSatisfy { !$0.isEmpty }, "seed \(seed): white space at the edge or twice")
                #expect(!parts.joined().contains { $0.properties.isWhitespace }, "seed \(seed)")
            }
        }
    }

    /// The separator between two stretches of text.
    private enum Between {
        case nothing, space, line, end
    }

    /// Every character that is not white space, with the separator before it.
    private static func spaced(_ texts: [String]) -> [(scalar: Unicode.Scalar, before: Between)] {
        var spaced: [(Unicode.Scalar, Between)] = []
        for text in texts {
            var before = Between.end
            for scalar in text.unicodeScalars {
                if !scalar.properties.isWhitespace {
                    spaced.append((scalar, before))
                    before = .nothing
                } else if before != .end {
                    before = before == .line || Character(scalar).isNewline ? .line : .space
                }
            }
        }
        return spaced
    }

    @Test("Whatever the text, its short lines end where they did, and nothing else ends one")
    func lines() {
        for seed in UInt64(0)..<400 {
            let text = Self.text(seed)
            let lines = text.split(whereSeparator: \.isNewline)
            let isShort = lines.allSatisfy { $0.utf16.count < 40 }
            let said = Self.spaced(TextSegmenter().segments(of: text).map(\.text))
            for (given, said) in zip(Self.spaced([text]), said) where said.before != .end {
                #expect(said.before == .line ? given.before == .line : true, "seed \(seed)")
                #expect(isShort && given.before == .line ? said.before == .line : true, "seed \(seed)")
            }
        }
    }

    @Test("Whatever the text, its runs are the whole of it, and no two neighbours are of one script")
    func runs() {
        for seed in UInt64(0)..<400 {
            for segment in TextSegmenter().segments(of: Self.text(seed)) {
                let runs = segment.runs
                #expect(runs.reduce(0) { $0 + $1.length } == segment.text.unicodeScalars.count, "seed \(seed)")
                #expect(runs.allSatisfy { $0.length > 0 }, "seed \(seed)")
                #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.script != $1.script }, "seed \(seed)")
            }
        }
    }

    @Test("Small limits hold too")
    func smallLimits() {
        var limits = SegmentLimits()
        (limits.target, limits.maximum, limits.firstMaximum, limits.firstMinimum) = (8, 16, 8, 2)
        for seed in UInt64(0)..<100 {
            let text = Self.text(seed)
            let segments = TextSegmenter(limits: limits).segments(of: text).map(\.text)
            #expect(segments.flatMap(Self.graphemes) == Self.graphemes(text), "seed \(seed)")
        }
    }
}
