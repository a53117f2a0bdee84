/// Cuts a text into segments at the ends of sentences and lines, in any language, and says what each is written in.
///
/// Joined together the segments have every character of the text that is not white space, in order. The work grows with
/// the length of the text and not faster.
package struct TextSegmenter: Sendable {
    private let limits: SegmentLimits

    package init(limits: SegmentLimits = SegmentLimits()) {
        self.limits = limits
    }

    /// A stretch of the text on its way to be a segment.
    private struct Piece {
        var range: Range<Int>
        var weight: Int
        /// `nil` when there is no letter in it.
        var script: SpokenScript?
    }

    /// The segments of a text, none if it is only white space.
    package func segments(of text: String) -> [TextSegment] {
        let text = PreparedText(text)
        guard !text.units.isEmpty else { return [] }
        let pieces = cut(spokenSentences(of: text), of: text)
        return withScripts(merged(pieces)).map { TextSegment(text: text.string($0), script: $1) }
    }

    /// The sentences, where those that only have punctuation or control tokens are part of the one before, or at the
    /// beginning of the one after.
    private func spokenSentences(of text: PreparedText) -> [Range<Int>] {
        var sentences: [Range<Int>] = []
        var isFirstSpoken = false
        for range in text.sentences() {
            let isSpoken = text.weight(range).isSpoken
            if let last = sentences.last, !isSpoken || !isFirstSpoken {
                sentences[sentences.count - 1] = last.lowerBound..<range.upperBound
            } else {
                sentences.append(range)
            }
            isFirstSpoken = isFirstSpoken || isSpoken
        }
        return sentences
    }

    private func cut(_ sentences: [Range<Int>], of text: PreparedText) -> [Piece] {
        let cutter = SegmentCutter(text, limits: limits)
        var pieces: [Piece] = []
        for (index, sentence) in sentences.enumerated() {
            var rest = sentence
            if index == 0, text.weight(rest).total > limits.firstMaximum, let clause = cutter.firstClause(of: rest) {
                pieces.append(piece(rest.lowerBound..<clause, of: text))
                rest = clause..<rest.upperBound
            }
            pieces += cutter.pieces(of: rest).map { piece($0, of: text) }
        }
        return speakingJapanese(pieces)
    }

    private func piece(_ range: Range<Int>, of text: PreparedText) -> Piece {
        let weight = text.weight(range)
        return Piece(range: range, weight: weight.total, script: weight.script)
    }

    /// A Japanese sentence may be all in Han; it is taken for Japanese when more of the text is that than is Chinese.
    private func speakingJapanese(_ pieces: [Piece]) -> [Piece] {
        func weight(_ script: SpokenScript) -> Int { pieces.reduce(0) { $0 + ($1.script == script ? $1.weight : 0) } }
        guard weight(.japanese) > weight(.han) else { return pieces }
        return pieces.map { piece in
            var piece = piece
            if piece.script == .han { piece.script = .japanese }
            return piece
        }
    }

    /// Joins short neighbours of one script. The first piece stays alone: it is to be heard soon.
    private func merged(_ pieces: [Piece]) -> [Piece] {
        var merged: [Piece] = []
        for piece in pieces {
            guard merged.count > 1, var last = merged.last, last.weight + piece.weight <= limits.target,
                last.script == piece.script || last.script == nil || piece.script == nil
            else {
                merged.append(piece)
                continue
            }
            last.range = last.range.lowerBound..<piece.range.upperBound
            last.weight += piece.weight
            last.script = last.script ?? piece.script
            merged[merged.count - 1] = last
        }
        return merged
    }

    /// What has no letter, such as a number, is spoken in the language of what is before it, or after it.
    private func withScripts(_ pieces: [Piece]) -> [(range: Range<Int>, script: SpokenScript)] {
        var script = pieces.lazy.compactMap(\.script).first ?? .latin
        return pieces.map { piece in
            script = piece.script ?? script
            return (piece.range, script)
        }
    }
}
