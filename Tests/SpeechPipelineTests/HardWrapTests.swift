import SpeechPipeline
import Testing

@Suite("Lines that were broken by a program")
struct HardWrapTests {
    /// The text as one segment, to see which of its line ends stay.
    private func spoken(_ text: String) -> String {
        var limits = SegmentLimits()
        (limits.target, limits.maximum, limits.firstMaximum) = (100_000, 100_000, 100_000)
        return TextSegmenter(limits: limits).segments(of: text).map(\.text).joined(separator: "\n")
    }

    @Test("A paragraph of a mail is one line, and so is each of an RFC, however it is indented")
    func prose() {
        let mail = """
            I wanted to ask whether you could have a look at the report that
            Mary sent on Friday, because the numbers of the second quarter and
            those of the third do not agree, and I cannot find the reason for
            that.
            """
        #expect(spoken(mail) == mail.split(separator: "\n").joined(separator: " "))
        let rfc = """
               The key words "MUST", "MUST NOT", "REQUIRED" and "OPTIONAL" in this
               document are to be interpreted as described in BCP 14 when they do
               appear in all capitals.\r
            \r
               1990 was the year in which all of this was written down, for those
               who read it.
            """
        let paragraphs = spoken(rfc).split(separator: "\n")
        #expect(paragraphs.count == 2)
        #expect(paragraphs[0].hasSuffix("do appear in all capitals.") && paragraphs[1].hasSuffix("those who read it."))
    }

    @Test("A line that goes on with a capital is joined where its paragraph is wrapped, as in German")
    func capitals() {
        let german = """
            Der Ausschuss hat am vergangenen Dienstag beschlossen, dass die neue
            Ordnung erst im nächsten Jahr in Kraft treten soll, damit alle noch
            eine Gelegenheit haben, sie zu lesen.
            """
        #expect(!spoken(german).contains("\n"))
    }

    @Test(
        "Lists, headings, poems and addresses keep their lines",
        arguments: [
            "Apple\nBanana\nOrange",
            "red apples from the garden\nripe pears from the market\nblue plums",
            "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\nRough winds do shake",
            "Buy the apples and the bananas at the market today\nBuy the pears and the oranges at the market now",
            "one cup of flour\nsalt and pepper to taste, freshly ground please\nolive oil",
            "Things that have to be done before the summer comes:\n1. paint the fence\n2. mow the lawn",
            "Things that have to be done before the summer comes:\n- paint the fence\n- mow the lawn",
            "12 Long Street of the Many Names\nGreat Town\nunited kingdom",
        ]
    )
    func lines(text: String) {
        #expect(spoken(text) == text)
    }

    @Test("A wrapped item of a list is joined, and the next item is not")
    func items() {
        let list = """
            - The first thing is that nobody has looked at it for a while and
              it should be done soon
            - The second thing is that somebody has to look at it before it is
              too late
            """
        #expect(
            spoken(list).split(separator: "\n").map { $0.prefix(16) } == ["- The first thin", "- The second thi"]
        )
    }

    @Test("A line end in Chinese or Japanese stays, however long the lines, and so does one beside it")
    func han() {
        let chinese = "我们今天一起去公园散步，天气非常好，大家都很高兴，因为明天不用上班，也不用早起，可以好好休息一下，\n然后再去看电影，我们今天一起去公园散步，天气非常好，大家都很高兴"
        #expect(spoken(chinese) == chinese)
        let mixed = "This is a long line of English words which ends with the name of 北京\nand goes on, but the name"
        #expect(spoken(mixed) == mixed)
    }

    @Test("A long address on a line of its own does not make the other lines short")
    func address() {
        let text = """
            You will find all that you need to know about it on this page, and
            if you do not, then write to us:
            https://example.com/a/very/long/path/that/goes/on/and/on/for/much/longer/than/a/line/of/text?really=yes
            """
        #expect(spoken(text).contains("and if you do not"))
    }
}
