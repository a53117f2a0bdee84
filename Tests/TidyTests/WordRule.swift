/// Words that have no place in what is finished. They are spelt in parts here, or this file would break its own rule.
struct WordRule: TidyRule {
    let name = "banned words"

    /// A line that shows such a word on purpose has this mark in it, or in the line above.
    static let exampleMark = "tidy: example"

    private struct Word {
        /// What may not stand beside the word, or it is part of something else.
        enum Beside {
            case anything
            /// Letters, digits and underscores on either side.
            case noWord
            /// In front, what can be part of a path: then it is not the path's beginning.
            case noPath
        }

        let text: String
        var beside = Beside.anything
        var applies: @Sendable (SourceFile) -> Bool = { _ in true }
    }

    private static let words: [Word] = [
        Word(text: "TO" + "DO", beside: .noWord),
        Word(text: "FIX" + "ME", beside: .noWord),
        Word(text: "XX" + "X", beside: .noWord),
        Word(text: "try" + "!", applies: isSwift),
        Word(text: "fatalError(" + "\"Unimplemented", applies: isSwift),
        Word(text: "Task" + ".detached", applies: isSwift),
        Word(text: "Task" + ".sleep", applies: isSwiftTest),
        Word(text: "Thread" + ".sleep", applies: isSwiftTest),
        Word(text: "/wor" + "k/", beside: .noPath),
        Word(text: "/ro" + "ot/", beside: .noPath),
        Word(text: "/ho" + "me/", beside: .noPath),
    ]

    private static let isSwift: @Sendable (SourceFile) -> Bool = { $0.code != nil }
    private static let isSwiftTest: @Sendable (SourceFile) -> Bool = { $0.code != nil && $0.isTest }

    func check(_ file: SourceFile) -> [Finding] {
        let words = Self.words.filter { $0.applies(file) && file.text.contains($0.text) }
        if words.isEmpty { return [] }
        return file.lines.indices.flatMap { index in
            words.filter { contains($0, file.lines[index]) && !isExample(file, index) }
                .map { file.finding(index, "`\($0.text)` is not to be here") }
        }
    }

    private func contains(_ word: Word, _ line: Substring) -> Bool {
        var rest = line
        while let range = rest.firstRange(of: word.text) {
            let before = line[..<range.lowerBound].last
            let after = line[range.upperBound...].first
            let isMeant =
                switch word.beside {
                case .anything: true
                case .noWord: !isPartOfWord(before) && !isPartOfWord(after)
                case .noPath: !isPartOfWord(before) && !".-~})".contains(before ?? " ")
                }
            if isMeant { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    private func isPartOfWord(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }

    private func isExample(_ file: SourceFile, _ index: Int) -> Bool {
        file.lines[max(0, index - 1)...index].contains { $0.contains(Self.exampleMark) }
    }
}
