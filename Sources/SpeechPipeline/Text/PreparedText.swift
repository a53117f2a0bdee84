/// A text made ready for cutting, in UTF-16 as ICU wants it.
struct PreparedText {
    /// The text without white space around it, and each run of white space within it as one space, or one newline if
    /// a line ends there (see `HardWraps` for those that do not count).
    let units: [UInt16]

    /// The text, unit for unit, as the rules should see it. What must not be cut looks like something that never is:
    /// a control token is white space (a tab, then spaces), so that it stays with what it follows; a URL is one word.
    /// What ICU does not take for what it is looks like its plain sister: `…` is a full stop, `；` is `。`, and an
    /// opening quote or bracket is `*`, for ICU takes it for a closing one and would leave it at the end of the
    /// sentence before.
    let outline: [UInt16]

    init(_ text: String) {
        var units = Self.collapsingWhiteSpace(text)
        Self.joinWrappedLines(&units)
        self.units = units
        var outline = units
        Self.maskTokens(&outline)
        Self.maskAddresses(&outline)
        Self.maskPunctuation(&outline)
        self.outline = outline
    }

    /// The scalar of the outline that starts at an index.
    func scalar(at index: Int) -> Unicode.Scalar {
        let unit = outline[index]
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), index + 1 < outline.count else { return "\u{FFFD}" }
        let value = 0x1_0000 + UInt32(unit & 0x3FF) << 10 + UInt32(outline[index + 1] & 0x3FF)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    /// How much there is to say in a range.
    func weight(_ range: Range<Int>) -> SpeechWeight {
        var weight = SpeechWeight()
        var index = range.lowerBound
        while index < range.upperBound {
            let scalar = scalar(at: index)
            weight.add(scalar)
            index += UTF16.width(scalar)
        }
        return weight
    }

    /// The text of a range, trimmed.
    func string(_ range: Range<Int>) -> String {
        var text = units[range]
        while text.first?.isSpace == true { text.removeFirst() }
        while text.last?.isSpace == true { text.removeLast() }
        return String(utf16: text)
    }
}

extension String {
    /// The text of UTF-16 code units. Given a slice, the standard library allocates memory for each unit of it.
    init(utf16 units: ArraySlice<UInt16>) {
        self = units.withUnsafeBufferPointer { String(decoding: $0, as: UTF16.self) }
    }
}

// MARK: Preparing

extension PreparedText {
    /// The most characters of a control token's name. A longer one is a text in brackets.
    private static let tokenLimit = 32

    /// The mark between two paragraphs until lines are joined. It is white space, which has been collapsed, so the text
    /// itself does not contain it.
    private static let paragraphEnd = UInt16(unit: "\u{2029}")

    private static func collapsingWhiteSpace(_ text: String) -> [UInt16] {
        var units: [UInt16] = []
        units.reserveCapacity(text.utf8.count)
        var pending: UInt16?
        var previous: UInt16?
        for unit in text.utf16 {
            // Most text is neither white space nor needs the long look. Half of a surrogate pair never is white space.
            guard !unit.isPrintableASCII, let scalar = Unicode.Scalar(unit), scalar.properties.isWhitespace else {
                if let space = pending.take(), !units.isEmpty { units.append(space) }
                units.append(unit)
                previous = nil
                continue
            }
            let isSecondHalf = scalar == "\n" && previous == UInt16(unit: "\r")
            let endsLine = ("\n"..."\r").contains(scalar) || ["\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
            previous = unit
            switch pending {
            case paragraphEnd: break
            case .newline: if endsLine, !isSecondHalf { pending = paragraphEnd }
            default: pending = unit == paragraphEnd ? paragraphEnd : endsLine ? .newline : .space
            }
        }
        return units
    }

    private static func joinWrappedLines(_ units: inout [UInt16]) {
        guard units.contains(where: { $0 == .newline || $0 == paragraphEnd }) else { return }
        let wraps = units.split(separator: paragraphEnd).flatMap { HardWraps($0).indices }
        for index in wraps { units[index] = .space }
        for index in units.indices where units[index] == paragraphEnd { units[index] = .newline }
    }

    /// Masks `[laugh]`, `[oral_2]` and their like.
    private static func maskTokens(_ units: inout [UInt16]) {
        var index = 0
        while let open = units[index...].firstIndex(of: UInt16(unit: "[")) {
            index = open + 1
            guard index < units.count, units[index].isASCIILetter,
                let close = units[index...].prefix(tokenLimit + 1)
                    .firstIndex(where: { !$0.isASCIIAlphanumeric && $0 != UInt16(unit: "_") }),
                units[close] == UInt16(unit: "]")
            else { continue }
            units[open] = .tab
            for inside in index...close { units[inside] = .space }
            index = close + 1
        }
    }

    /// Masks URLs and e-mail addresses.
    private static func maskAddresses(_ units: inout [UInt16]) {
        var index = 0
        while let start = units[index...].firstIndex(where: \.isPrintableASCII) {
            let run = start..<(units[start...].firstIndex { !$0.isPrintableASCII } ?? units.count)
            index = run.upperBound
            guard isAddress(units[run]),
                let first = units[run].firstIndex(where: \.isASCIIAlphanumeric),
                let last = units[run].lastIndex(where: { $0.isASCIIAlphanumeric || $0 == UInt16(unit: "/") })
            else { continue }
            for inside in first...last { units[inside] = UInt16(unit: inside == first ? "X" : "x") }
        }
    }

    /// Whether a run of printable ASCII has a URL or an e-mail address in it.
    private static func isAddress(_ run: ArraySlice<UInt16>) -> Bool {
        if run.starts(with: "www.".utf16) { return true }
        return run.indices.contains { index in
            switch Unicode.Scalar(run[index]) {
            case ":": run[index...].starts(with: "://".utf16)
            case "@":
                index > run.startIndex && run[index - 1].isASCIIAlphanumeric
                    && run[index...].dropFirst().first?.isASCIIAlphanumeric == true
            default: false
            }
        }
    }

    /// Masks punctuation that ICU does not take for what it is.
    private static func maskPunctuation(_ units: inout [UInt16]) {
        for index in units.indices {
            switch Unicode.Scalar(units[index]) {
            case "…": units[index] = UInt16(unit: ".")
            case "；": units[index] = UInt16(unit: "。")
            case .some(let scalar) where scalar.isOpeningPunctuation:
                // A quotation mark that opens in one language closes in another; what closes has a space after it.
                if index + 1 < units.count, !units[index + 1].isSpace { units[index] = UInt16(unit: "*") }
            default: continue
            }
        }
    }
}
