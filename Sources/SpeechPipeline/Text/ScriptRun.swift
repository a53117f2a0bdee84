/// A stretch of a segment's text in one script, with the digits, marks and spaces that follow it. Brackets and
/// quotation marks that open belong to what they open.
package struct ScriptRun: Sendable, Equatable {
    /// The script of its words.
    package var script: SpokenScript
    /// Its length in Unicode scalars.
    package var length: Int
}

extension TextSegment {
    /// The runs of words that are written in one script each; together they are the text.
    ///
    /// A piece shorter than a word belongs to the run before it: a single letter in another script, as in `维生素C` or
    /// `the angle α`, is a symbol. In Chinese, Japanese and Korean one character may be a word.
    package var runs: [ScriptRun] {
        // Most texts are plain English.
        if script == .latin, text.utf8.allSatisfy({ $0 < 0x80 }) {
            return [ScriptRun(script: .latin, length: text.utf8.count)]
        }
        let scalars = Array(text.unicodeScalars)
        var starts: [(script: SpokenScript, index: Int)] = []
        for stretch in stretches(of: scalars) where stretch.script == script || stretch.hasWord {
            if starts.last?.script != stretch.script {
                starts.append((stretch.script, starts.isEmpty ? 0 : stretch.start))
            }
        }
        guard !starts.isEmpty else { return [ScriptRun(script: script, length: scalars.count)] }
        return starts.indices.map { index in
            let end = index + 1 < starts.count ? starts[index + 1].index : scalars.count
            return ScriptRun(script: starts[index].script, length: end - starts[index].index)
        }
    }

    /// From one letter in another script than the one before to the next such.
    private struct Stretch {
        var script: SpokenScript
        var start: Int
        var hasWord = false
    }

    private func stretches(of scalars: [Unicode.Scalar]) -> [Stretch] {
        var stretches: [Stretch] = []
        var letters = 0
        for (index, scalar) in scalars.enumerated() where !scalar.isExtending {
            guard scalar.kind == .letter, let letterScript = script(of: scalar) else {
                letters = 0
                continue
            }
            if stretches.last?.script != letterScript {
                stretches.append(Stretch(script: letterScript, start: Self.opening(before: index, in: scalars)))
                letters = 0
            }
            letters += 1
            if letters >= letterScript.lettersOfWord { stretches[stretches.count - 1].hasWord = true }
        }
        return stretches
    }

    /// Japanese is written in Han, too.
    private func script(of scalar: Unicode.Scalar) -> SpokenScript? {
        let found = SpokenScript(of: scalar)
        return script == .japanese && found == .han ? .japanese : found
    }

    /// Where the opening brackets and quotation marks directly before an index begin.
    private static func opening(before index: Int, in scalars: [Unicode.Scalar]) -> Int {
        var start = index
        while start > 0 {
            let scalar = scalars[start - 1]
            let isFirst = start == 1 || scalars[start - 2].properties.isWhitespace
            guard scalar.isOpeningPunctuation || isFirst && (scalar == "\"" || scalar == "'") else { break }
            start -= 1
        }
        return start
    }
}

extension SpokenScript {
    /// How many letters a word has, at least, that is not a symbol.
    fileprivate var lettersOfWord: Int {
        switch self {
        case .han, .japanese, .hangul: 1
        default: 2
        }
    }
}
