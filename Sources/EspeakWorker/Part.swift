import SpeechCore
import Wyoming

/// A part of a job's text that one voice speaks.
///
/// Each part is spoken by itself. Without a pause at its end the library ends it with about 7 ms of zeros, and begins
/// the next with at most the 49 ms that come before a `t` within a sentence, too: so parts follow one another as they
/// are.
struct Part: Equatable {
    /// Parts of a job at the most.
    private static let maxParts = 256
    /// Marks after which a voice pauses.
    private static let pauses: Set<Unicode.Scalar> = [
        ",", ".", ";", ":", "!", "?", "…", "،", "؛", "؟", "。", "，", "、", "；", "：", "！", "？", "।", "॥",
    ]

    /// As the library is to get it: something to say, in which each line but the last ends with a full stop.
    let text: String
    /// As a caller names it, perhaps with a variant.
    let voice: String
    /// Whether there is a pause before what comes after it.
    let endsWithPause: Bool

    /// Whether there are Chinese characters in it.
    var hasHan: Bool { text.unicodeScalars.contains { $0.properties.isIdeographic } }

    /// The parts of a job with something in them to say: by its `spans`, if it has any.
    /// - Parameter voice: the one of a job without spans.
    static func parts(of wanted: WyomingSynthesize, voice: String) throws(JobRequest.Refusal) -> [Part] {
        let spans = try spans(of: wanted, voice: voice)
        var rest = wanted.text.unicodeScalars[...]
        var parts: [Part] = []
        for span in spans {
            let piece = rest.prefix(span.length)
            rest = rest.dropFirst(span.length)
            let text = spoken(String(piece))
            if !text.isEmpty {
                parts.append(Part(text: text, voice: span.voice, endsWithPause: rest.isEmpty || pauses(after: piece)))
            }
        }
        return parts
    }

    private static func spans(
        of wanted: WyomingSynthesize,
        voice: String
    ) throws(JobRequest.Refusal) -> [(length: Int, voice: String)] {
        let count = wanted.text.unicodeScalars.count
        let wire: [JSONValue]
        switch wanted.context["spans"] {
        case nil, .null: return [(count, voice)]
        case .array(let values): wire = values
        default: wire = []
        }
        var spans: [(length: Int, voice: String)] = []
        var left = count
        for case .object(let span) in wire.prefix(maxParts) {
            guard case .integer(let length)? = span["length"], case .string(let voice)? = span["voice"],
                (1...max(1, left)).contains(length)
            else { break }
            spans.append((length, voice))
            left -= length
        }
        guard left == 0, spans.count == wire.count else {
            throw JobRequest.Refusal(
                text: "context.spans must be a list of at most \(maxParts) objects with a length and a voice, whose "
                    + "lengths are together that of the text: \(count) Unicode scalars"
            )
        }
        return spans
    }

    /// A text without the library's control language, and with pauses at the ends of lines. A control character is a
    /// command to it, and a line end is nothing. It takes the full stop of Chinese for one in every language, after any
    /// word, and does not pause twice if the line ends with a mark of its own.
    private static func spoken(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let scalars = line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
            guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
                let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
            else { return nil }
            return String(String.UnicodeScalarView(scalars[first...last]))
        }
        .joined(separator: "。\n")
    }

    /// Whether a part ends with a line or with a mark at which a voice pauses.
    private static func pauses(after piece: Substring.UnicodeScalarView) -> Bool {
        for (index, scalar) in zip(piece.indices, piece).reversed() {
            if Character(scalar).isNewline { return true }
            if pauses.contains(scalar) { return scalar != "." || !isAbbreviation(piece[..<index]) }
            switch scalar.properties.generalCategory {
            case .closePunctuation, .finalPunctuation, .otherPunctuation: continue
            default: if !scalar.properties.isWhitespace { return false }
            }
        }
        return false
    }

    /// Whether a text before a full stop ends with an initial or such a word as `Dr`.
    private static func isAbbreviation(_ text: Substring.UnicodeScalarView) -> Bool {
        let letters = text.suffix(3).reversed().prefix { $0.properties.isAlphabetic }.reversed()
        guard let first = letters.first, letters.count <= 2, first.properties.isUppercase else { return false }
        return letters.dropFirst().allSatisfy(\.properties.isLowercase)
    }
}
