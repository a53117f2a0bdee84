import CICU

/// What a text is written in, as far as that tells the language to speak it in.
package enum SpokenScript: Int, Sendable, CaseIterable {
    case latin, han, japanese, hangul, cyrillic, greek, arabic, hebrew, thai, devanagari
    case bengali, tamil, telugu, gujarati, kannada, malayalam, gurmukhi, sinhala
    case georgian, armenian, ethiopic, myanmar, khmer, lao
    /// A script without a line here; spoken as Latin is.
    case other

    /// The languages (BCP 47, lower case) that it is spoken in, the likeliest first.
    package var languages: [String] {
        switch self {
        case .latin, .other: ["en"]
        case .han: ["cmn", "zh", "yue"]
        case .japanese: ["ja"]
        case .hangul: ["ko"]
        case .cyrillic: ["ru", "uk", "bg", "sr"]
        case .greek: ["el"]
        case .arabic: ["ar", "fa", "ur"]
        case .hebrew: ["he"]
        case .thai: ["th"]
        case .devanagari: ["hi", "mr", "ne"]
        case .bengali: ["bn"]
        case .tamil: ["ta"]
        case .telugu: ["te"]
        case .gujarati: ["gu"]
        case .kannada: ["kn"]
        case .malayalam: ["ml"]
        case .gurmukhi: ["pa"]
        case .sinhala: ["si"]
        case .georgian: ["ka"]
        case .armenian: ["hy"]
        case .ethiopic: ["am"]
        case .myanmar: ["my"]
        case .khmer: ["km"]
        case .lao: ["lo"]
        }
    }

    /// The script of a letter; `nil` for what every script uses: digits, punctuation, symbols, marks.
    init?(of scalar: Unicode.Scalar) {
        switch cicu_script(scalar.value) {
        case USCRIPT_LATIN: self = .latin
        case USCRIPT_HAN, USCRIPT_BOPOMOFO: self = .han
        case USCRIPT_HIRAGANA, USCRIPT_KATAKANA: self = .japanese
        case USCRIPT_HANGUL: self = .hangul
        case USCRIPT_CYRILLIC: self = .cyrillic
        case USCRIPT_GREEK: self = .greek
        case USCRIPT_ARABIC: self = .arabic
        case USCRIPT_HEBREW: self = .hebrew
        case USCRIPT_THAI: self = .thai
        case USCRIPT_DEVANAGARI: self = .devanagari
        case USCRIPT_BENGALI: self = .bengali
        case USCRIPT_TAMIL: self = .tamil
        case USCRIPT_TELUGU: self = .telugu
        case USCRIPT_GUJARATI: self = .gujarati
        case USCRIPT_KANNADA: self = .kannada
        case USCRIPT_MALAYALAM: self = .malayalam
        case USCRIPT_GURMUKHI: self = .gurmukhi
        case USCRIPT_SINHALA: self = .sinhala
        case USCRIPT_GEORGIAN: self = .georgian
        case USCRIPT_ARMENIAN: self = .armenian
        case USCRIPT_ETHIOPIC: self = .ethiopic
        case USCRIPT_MYANMAR: self = .myanmar
        case USCRIPT_KHMER: self = .khmer
        case USCRIPT_LAO: self = .lao
        case USCRIPT_COMMON, USCRIPT_INHERITED, USCRIPT_UNKNOWN, USCRIPT_INVALID_CODE: return nil
        default: self = .other
        }
    }
}
