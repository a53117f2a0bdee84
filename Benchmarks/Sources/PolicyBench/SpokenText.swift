/// Texts that are cut where the simulator takes them to be cut, each unlike all others, so that none has been spoken
/// before.
enum SpokenText {
    /// What the first segment is at most and at least, and what further ones are, in characters: as the pipeline cuts.
    private static let (firstMaximum, firstMinimum, target) = (60, 20, 100)

    /// The segments of a text of so many characters.
    static func segments(units: Int) -> [Int] {
        guard units > firstMaximum else { return [units] }
        let first = min(firstMaximum, units - firstMinimum)
        let (full, rest) = (units - first).quotientAndRemainder(dividingBy: target)
        return [first] + Array(repeating: target, count: full) + (rest > 0 ? [rest] : [])
    }

    /// A text of so many characters.
    static func make(units: Int) -> String {
        let sentences = segments(units: units)
        return sentences.enumerated().map { index, length in
            index < sentences.count - 1 ? sentence(length - 1) + " " : sentence(length)
        }.joined()
    }

    private static func sentence(_ length: Int) -> String {
        var text = ""
        for place in 0..<max(0, length - 1) {
            let isGap = place % 7 == 6 && place < length - 5
            text.append(isGap ? " " : letters.randomElement() ?? "a")
        }
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private static let letters = Array("abcdefghijklmnopqrstuvwxyz")
}
