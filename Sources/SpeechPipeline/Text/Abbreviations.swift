/// Abbreviations whose full stop does not end a sentence. Where it is not certain the stop is taken as part of the
/// word: a segment that is too long costs little, a name torn in two is heard.
enum Abbreviations {
    /// Always followed by what they belong to.
    private static let leading: Set<String> = [
        "mr", "mrs", "ms", "mx", "dr", "prof", "st", "mt", "ft", "rev", "hon", "gen", "col", "maj", "capt", "cpt", "lt",
        "sgt", "cpl", "adm", "gov", "sen", "rep", "pres", "supt", "messrs", "mme", "mlle", "fr", "hr", "sr", "sra",
        "vs", "cf", "viz", "ca", "approx", "esp", "bzw",
    ]

    /// Abbreviations only before a number: "No. 5", but "No. Never."
    private static let numbered: Set<String> = [
        "no", "nos", "nr", "vol", "p", "pp", "fig", "figs", "eq", "ch", "chap", "sec", "art", "op", "ex", "par", "ver",
        "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ]

    /// Characters of an abbreviation at the most.
    static let lengthLimit = 12

    /// Whether a word with a full stop after it is an abbreviation.
    /// - Parameters:
    ///   - word: what is before the full stop, as far as it is made of letters, digits and full stops.
    ///   - startsSentence: whether nothing is before the word.
    ///   - precedesNumber: whether a digit follows.
    static func contains(_ word: String, startsSentence: Bool, precedesNumber: Bool) -> Bool {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        // "U.S.", "e.g.", "Ph.D.", and the initials of "J. R. R. Tolkien".
        let isDotted = parts.count > 1 && parts.allSatisfy { (1...2).contains($0.count) && $0.allSatisfy(\.isLetter) }
        if isDotted || word.count == 1 && word.allSatisfy(\.isUppercase) { return true }
        // The number of an item in a list: "1. First".
        if startsSentence, word.count <= 3, !word.isEmpty, word.allSatisfy(\.isNumber) { return true }
        let lowercased = word.lowercased()
        return leading.contains(lowercased) || precedesNumber && numbered.contains(lowercased)
    }
}
