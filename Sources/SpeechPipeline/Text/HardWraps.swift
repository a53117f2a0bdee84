/// Line ends that are there only because a line was full, as in mail and plain-text documents.
///
/// A line end means something in lists, headings and poems, and nothing where a program has broken a paragraph into
/// lines of one width. A line is full if the first word of the next would not have fitted into it. Full lines in a row
/// are taken for a broken paragraph if one of them goes on in lower case; a single one only if it is long, for the
/// longest line of a list is full, too. Never where Chinese or Japanese is on either side, where there are no spaces to
/// break at, nor before the mark of an item in a list.
struct HardWraps {
    /// Characters of a paragraph's longest line, at least; programs do not break earlier.
    private static let minimumWidth = 40
    /// The same where only one line is full.
    private static let minimumWidthOfOne = 60

    private let lines: [ArraySlice<UInt16>]
    private let width: Int

    /// - Parameter paragraph: lines that are not blank, with a newline between each two.
    init(_ paragraph: ArraySlice<UInt16>) {
        lines = paragraph.split(separator: .newline)
        // A line without a space, such as a long address, cannot be broken: its width says nothing.
        width = lines.lazy.filter { $0.contains(.space) }.map(\.count).max() ?? 0
    }

    /// Where the line ends of that kind are.
    var indices: [Int] {
        guard lines.count > 1, width >= Self.minimumWidth else { return [] }
        var indices: [Int] = []
        var row: [Int] = []
        var goesOnInLowerCase = false
        func endRow() {
            if goesOnInLowerCase, row.count > 1 || width >= Self.minimumWidthOfOne { indices += row }
            (row, goesOnInLowerCase) = ([], false)
        }
        for (line, next) in zip(lines, lines.dropFirst()) {
            if line.count + 1 + next.prefix(while: { $0 != .space }).count > width, goesOn(line, next) {
                row.append(line.endIndex)
                goesOnInLowerCase = goesOnInLowerCase || Self.scalar(next.first)?.isLowercase == true
            } else {
                endRow()
            }
        }
        endRow()
        return indices
    }

    /// Whether a sentence may go on from one line to the next.
    private func goesOn(_ line: ArraySlice<UInt16>, _ next: ArraySlice<UInt16>) -> Bool {
        guard let last = Self.scalar(line.last), let first = Self.scalar(next.first) else { return false }
        guard !Self.isWrittenWithoutSpaces(last), !Self.isWrittenWithoutSpaces(first) else { return false }
        switch first.kind {
        case .letter: return true
        case .number: return !Self.isItemMark(next.prefix { $0 != .space })
        case .symbol: return false
        case .silent: return first.isOpeningPunctuation || first == "\"" || first == "'"
        }
    }

    /// Whether it is the number of an item in a list, such as `1.` or `12)`.
    private static func isItemMark(_ word: ArraySlice<UInt16>) -> Bool {
        guard let last = scalar(word.last), last == "." || last == ")", word.count <= 4 else { return false }
        return word.dropLast().allSatisfy { scalar($0)?.kind == .number }
    }

    private static func isWrittenWithoutSpaces(_ scalar: Unicode.Scalar) -> Bool {
        let script = SpokenScript(of: scalar)
        // Their punctuation is wide, and has no script.
        return script == .han || script == .japanese || (0x3000...0x303F).contains(scalar.value)
            || (0xFF00...0xFF65).contains(scalar.value)
    }

    /// The letters and marks that this is about are in the basic plane.
    private static func scalar(_ unit: UInt16?) -> Unicode.Scalar? { unit.flatMap { Unicode.Scalar($0) } }
}
