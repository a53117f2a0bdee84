/// Where the outline says a text may be cut.
extension PreparedText {
    /// How good a place is for a cut.
    enum CutRank: Int, Comparable {
        case space, clause

        static func < (left: CutRank, right: CutRank) -> Bool { left.rawValue < right.rawValue }
    }

    /// How far back, over tokens, the punctuation that makes a clause may be from its end.
    private static let lookBehind = 64

    /// The sentences, which together are the whole text.
    func sentences() -> [Range<Int>] {
        var sentences: [Range<Int>] = []
        var start = 0
        for boundary in BreakIterator(.sentences).boundaries(in: outline[...])
        where boundary == outline.count || endsSentence(at: boundary, from: start) {
            sentences.append(start..<boundary)
            start = boundary
        }
        return sentences
    }

    /// What kind of place for a cut is before an index, `nil` if there should be none.
    func cutRank(at index: Int) -> CutRank? {
        let next = scalar(at: index)
        let afterSpace = outline[index - 1].isSpace
        // Before white space is never better than after it, and inside a token everything is.
        guard next != " ", next != "\n", !next.isExtending else { return nil }
        var end = endOfText(before: index, from: max(0, index - Self.lookBehind))
        while end > 1, Unicode.Scalar(outline[end - 1])?.isClosingPunctuation == true { end -= 1 }
        guard end > 0, let last = Unicode.Scalar(outline[end - 1]) else { return afterSpace ? .space : nil }
        switch last {
        case "，", "、", "：", "。", "！", "？", "؛", "،", "—", "–":
            if afterSpace || next.kind != .silent || next == "*" { return .clause }
        case ",", ";", ":", "!", "?", "-":
            if afterSpace { return .clause }
        case ".":
            if afterSpace, !isAbbreviation(endingAt: end, from: 0, before: next) { return .clause }
        default: break
        }
        return afterSpace ? .space : nil
    }

    /// Whether a word may end before an index that ICU takes for the end of one: not before or after punctuation that
    /// belongs to the word on the other side.
    func separatesWords(at index: Int) -> Bool {
        let next = scalar(at: index)
        return next.kind != .silent && outline[index - 1] != UInt16(unit: "*")
    }

    /// Whether an index is inside a control token.
    func isInsideToken(_ index: Int) -> Bool {
        outline[index] == .space && outline[index - 1].isSpace && outline[index - 1] != .newline
    }

    /// Whether a boundary of ICU's is one. ICU knows neither abbreviations nor that what goes on in lower case after a
    /// quotation goes on.
    private func endsSentence(at boundary: Int, from start: Int) -> Bool {
        let end = endOfText(before: boundary, from: start)
        guard outline[boundary - 1] != .newline, end > start, let last = Unicode.Scalar(outline[end - 1]) else {
            return true
        }
        let next = scalar(at: boundary)
        if last.isClosingPunctuation { return !next.isLowercase }
        return last != "." || !isAbbreviation(endingAt: end, from: start, before: next)
    }

    /// Whether the word that ends with the full stop before `end` is an abbreviation.
    private func isAbbreviation(endingAt end: Int, from start: Int, before next: Unicode.Scalar) -> Bool {
        let limit = max(start, end - 1 - Abbreviations.lengthLimit)
        var first = end - 1
        while first > limit, let scalar = Unicode.Scalar(units[first - 1]),
            scalar.kind == .letter || scalar.kind == .number || scalar == "."
        {
            first -= 1
        }
        return Abbreviations.contains(
            String(utf16: units[first..<(end - 1)]),
            startsSentence: first == start,
            precedesNumber: next.kind == .number
        )
    }

    /// The end of the text before the white space (and tokens) before an index, but not before `start`.
    private func endOfText(before index: Int, from start: Int) -> Int {
        var end = index
        while end > start, outline[end - 1].isSpace { end -= 1 }
        return end
    }
}
