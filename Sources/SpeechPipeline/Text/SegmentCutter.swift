/// Cuts a stretch of text that is too long for one segment into balanced pieces: at a clause, else at a space, else
/// between words, else between graphemes.
final class SegmentCutter {
    private let text: PreparedText
    private let limits: SegmentLimits
    /// Most texts never need these, and opening one takes as long as cutting a sentence.
    private lazy var words = BreakIterator(.words)
    private lazy var graphemes = BreakIterator(.graphemes)

    /// What ICU is shown after the last place for a cut, in UTF-16 units, so that it knows where a word there ends.
    private static let contextLength = 32

    init(_ text: PreparedText, limits: SegmentLimits) {
        self.text = text
        self.limits = limits
    }

    /// Pieces of a range, each at most `limits.maximum`.
    func pieces(of range: Range<Int>) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = range.lowerBound
        var left = text.weight(range).total
        while left > limits.maximum {
            let count = (left + limits.maximum - 1) / limits.maximum
            let cut = cut(start..<range.upperBound, ideal: left / count)
            pieces.append(start..<cut)
            left -= text.weight(start..<cut).total
            start = cut
        }
        if start < range.upperBound { pieces.append(start..<range.upperBound) }
        return pieces
    }

    /// The first good place for a short first segment, if there is one.
    func firstClause(of range: Range<Int>) -> Int? {
        let total = text.weight(range).total
        var index = range.lowerBound
        var weight = 0
        while index < range.upperBound, weight <= min(limits.firstMaximum, total - limits.firstMinimum) {
            if weight >= limits.firstMinimum, text.cutRank(at: index) == .clause { return index }
            let scalar = text.scalar(at: index)
            weight += SpeechWeight.of(scalar)
            index += UTF16.width(scalar)
        }
        return nil
    }

    /// Where to end a piece that should weigh about `ideal`. A cut is looked for from half of it to one and a half, so
    /// no piece is a scrap.
    private func cut(_ range: Range<Int>, ideal: Int) -> Int {
        var window: (first: Int?, ideal: Int?, last: Int) = (nil, nil, range.lowerBound)
        var best: (rank: PreparedText.CutRank, index: Int, distance: Int)?
        var weight = 0
        while window.last < range.upperBound {
            let scalar = text.scalar(at: window.last)
            weight += SpeechWeight.of(scalar)
            guard weight <= min(limits.maximum, ideal + ideal / 2) else { break }
            window.last += UTF16.width(scalar)
            if weight >= ideal, window.ideal == nil { window.ideal = window.last }
            guard weight >= ideal / 2, window.last < range.upperBound else { continue }
            if window.first == nil { window.first = window.last }
            guard let rank = text.cutRank(at: window.last) else { continue }
            let distance = abs(weight - ideal)
            if let best, (best.rank, -best.distance) >= (rank, -distance) { continue }
            best = (rank, window.last, distance)
        }
        if let best { return best.index }
        let candidates = (window.first ?? window.last)...window.last
        let ideal = window.ideal ?? window.last
        return wordBoundary(in: candidates, near: ideal, of: range)
            ?? graphemeBoundary(in: candidates, near: ideal, of: range)
    }

    private func wordBoundary(in candidates: ClosedRange<Int>, near ideal: Int, of range: Range<Int>) -> Int? {
        let end = min(candidates.upperBound + Self.contextLength, range.upperBound)
        return words.boundaries(in: text.outline[range.lowerBound..<end])
            .filter { candidates.contains($0) && $0 < end && text.separatesWords(at: $0) }
            .min { abs($0 - ideal) < abs($1 - ideal) }
    }

    /// A boundary among the candidates, else the last one before them, else the first one after them: a single grapheme
    /// may be longer than a piece.
    private func graphemeBoundary(in candidates: ClosedRange<Int>, near ideal: Int, of range: Range<Int>) -> Int {
        var length = candidates.upperBound - range.lowerBound + Self.contextLength
        while true {
            let end = min(range.lowerBound + length, range.upperBound)
            // The end of the slice may be within a grapheme, and even within a surrogate pair.
            let boundaries = graphemes.boundaries(in: text.units[range.lowerBound..<end])
                .filter { $0 < end - 1 && !text.isInsideToken($0) }
            let nearest = boundaries.filter(candidates.contains).min { abs($0 - ideal) < abs($1 - ideal) }
            if let boundary = nearest ?? boundaries.last(where: { $0 < candidates.lowerBound }) ?? boundaries.first {
                return boundary
            }
            if end == range.upperBound { return end }
            length *= 2
        }
    }
}
