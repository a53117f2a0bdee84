/// How Chinese characters are read, and how that is written in espeak-ng's letters. Both are ours: neither comes from a
/// program that speaks.
enum Pinyin {
    /// The hundred commonest characters of modern texts, each with what it may be when it stands alone. The fifth tone
    /// is the one without a tone.
    static let commonest: [(character: String, readings: [String])] = """
        的 de5 di4  一 yi1  是 shi4  不 bu4  了 le5 liao3  在 zai4  人 ren2  有 you3  我 wo3  他 ta1
        这 zhe4 zhei4  个 ge4 ge5  们 men5 men2  中 zhong1 zhong4  来 lai2  上 shang4  大 da4  为 wei2 wei4  和 he2  国 guo2
        地 di4 de5  到 dao4  以 yi3  说 shuo1  时 shi2  要 yao4 yao1  就 jiu4  出 chu1  会 hui4  可 ke3
        也 ye3  你 ni3  对 dui4  生 sheng1  能 neng2  而 er2  子 zi3 zi5  那 na4  得 de2 de5 dei3  于 yu2
        着 zhe5 zhao2  下 xia4  自 zi4  之 zhi1  年 nian2  过 guo4  发 fa1 fa4  后 hou4  作 zuo4  里 li3
        用 yong4  道 dao4  行 xing2 hang2  所 suo3  然 ran2  家 jia1  种 zhong3 zhong4  事 shi4  成 cheng2  方 fang1
        多 duo1  经 jing1  么 me5  去 qu4  法 fa3  学 xue2  如 ru2  都 dou1 du1  同 tong2  现 xian4
        当 dang1 dang4  没 mei2  动 dong4  面 mian4  起 qi3  看 kan4 kan1  定 ding4  天 tian1  分 fen1 fen4  还 hai2 huan2
        进 jin4  好 hao3 hao4  小 xiao3  部 bu4  其 qi2  些 xie1  主 zhu3  样 yang4  理 li3  心 xin1
        她 ta1  本 ben3  前 qian2  开 kai1  但 dan4  因 yin1  只 zhi3 zhi1  从 cong2  想 xiang3  实 shi2
        """
        .split(separator: "\n").flatMap { $0.split(separator: "  ") }
        .map { entry in
            let words = entry.split(separator: " ").map(String.init)
            return (words[0], Array(words.dropFirst()))
        }

    /// Longer ones before their beginnings.
    private static let initials: [(pinyin: String, sound: String)] = [
        ("zh", "ts."), ("ch", "ts.h"), ("sh", "s."), ("b", "p"), ("p", "ph"), ("m", "m"), ("f", "f"), ("d", "t"),
        ("t", "th"), ("n", "n"), ("l", "l"), ("g", "k"), ("k", "kh"), ("h", "X"), ("j", "tS"), ("q", "tSh"),
        ("x", "S"), ("r", "z."), ("z", "ts"), ("c", "tsh"), ("s", "s"),
    ]

    private static let finals = [
        "a": "A", "o": "uo", "e": "@", "ai": "ai", "ei": "ei", "ao": "Au", "ou": "ou", "an": "an", "en": "@n",
        "ang": "aN", "eng": "@N", "ong": "ong", "er": "@r", "i": "i", "ia": "iA", "ie": "iE", "iao": "iAu",
        "iu": "iou", "ian": "iEn", "in": "in", "iang": "iAN", "ing": "iN", "u": "u", "uan": "uan", "uo": "uo",
        "ui": "uei",
        "ü": "y", "üe": "yE",
        // Without an initial.
        "yi": "i", "ye": "iE", "yao": "iAu", "you": "iou", "yin": "in", "yang": "iAN", "yu": "y", "yong": "yuN",
        "wo": "uo", "wei": "uei",
    ]

    private static let tones: [Character: String] = ["1": "55", "2": "35", "3": "214", "4": "51", "5": "11"]

    /// A syllable such as `zhong1` in espeak-ng's letters, in the form that `normalized` makes; `nil` if a part of it
    /// is not in the tables.
    static func sound(of syllable: String) -> String? {
        guard let tone = syllable.last.flatMap({ tones[$0] }) else { return nil }
        let letters = String(syllable.dropLast())
        if let whole = finals[letters] { return whole + tone }
        guard let initial = initials.first(where: { letters.hasPrefix($0.pinyin) }) else { return nil }
        var final = String(letters.dropFirst(initial.pinyin.count))
        // After these ü is written without its dots.
        if final.hasPrefix("u"), "jqx".contains(initial.pinyin) { final = "ü" + final.dropFirst() }
        // After these the letter i stands for another vowel.
        if final == "i", ["zh", "ch", "sh", "r"].contains(initial.pinyin) { return initial.sound + "i." + tone }
        if final == "i", ["z", "c", "s"].contains(initial.pinyin) { return initial.sound + "i[" + tone }
        return finals[final].map { initial.sound + $0 + tone }
    }

    /// A syllable of espeak-ng's with one spelling for each sound, without stress, and with the tone at its end.
    static func normalized(_ phonemes: String) -> String {
        let tone = phonemes.filter(\.isNumber)
        var letters = phonemes.filter { !$0.isNumber && !"';,_|".contains($0) }
        for (spelling, same) in [("o-", "@"), ("j", "i"), ("w", "u"), ("ii", "i"), ("uu", "u")] {
            letters = letters.split(separator: spelling, omittingEmptySubsequences: false).joined(separator: same)
        }
        return letters + tone
    }
}
