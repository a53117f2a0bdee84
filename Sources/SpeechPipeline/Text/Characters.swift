extension UInt16 {
    static let tab = UInt16(unit: "\t")
    static let space = UInt16(unit: " ")
    static let newline = UInt16(unit: "\n")

    /// The UTF-16 unit of a scalar of the basic plane.
    init(unit scalar: Unicode.Scalar) {
        self = UInt16(scalar.value)
    }

    /// Whether it is one of the three kinds of white space that a prepared text has.
    var isSpace: Bool { self == .space || self == .newline || self == .tab }

    var isPrintableASCII: Bool { (0x21...0x7E).contains(self) }

    var isASCIILetter: Bool { (0x61...0x7A).contains(self | 0x20) }

    var isASCIIAlphanumeric: Bool { isASCIILetter || (0x30...0x39).contains(self) }
}

extension Unicode.Scalar {
    var isLowercase: Bool { properties.generalCategory == .lowercaseLetter }

    /// What a voice makes of it.
    enum Kind {
        case letter, number
        /// A sign that stands for a word, such as an emoji, a currency or `+`.
        case symbol
        /// What is not pronounced: punctuation, white space, marks.
        case silent
    }

    var kind: Kind {
        if isASCII {
            switch self {
            case "a"..."z", "A"..."Z": return .letter
            case "0"..."9": return .number
            case "$", "+", "=", "<", ">": return .symbol
            default: return .silent
            }
        }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        case .otherSymbol, .currencySymbol, .mathSymbol: return .symbol
        default: return .silent
        }
    }

    /// Opening brackets, and quotation marks that open in most languages.
    var isOpeningPunctuation: Bool {
        if isASCII { return self == "(" || self == "[" || self == "{" }
        switch properties.generalCategory {
        case .openPunctuation, .initialPunctuation: return true
        default: return false
        }
    }

    /// Brackets that close, and quotation marks: where they are not known to open, they close.
    var isClosingPunctuation: Bool {
        if isASCII { return self == ")" || self == "]" || self == "}" || self == "\"" || self == "'" }
        switch properties.generalCategory {
        case .closePunctuation, .finalPunctuation, .initialPunctuation: return true
        default: return false
        }
    }

    /// Whether it belongs to the character before it, such as an accent or what joins two emoji.
    var isExtending: Bool {
        if isASCII { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return self == "\u{200D}"
        }
    }
}
