/// Where we tell the compiler to trust us, a comment above says why it can.
struct ProofRule: TidyRule {
    let name = "proofs"

    private static let marks = ["@unchecked Sendable", "nonisolated(unsafe)", "unsafeBitCast", "@preconcurrency"]

    func check(_ file: SourceFile) -> [Finding] {
        guard file.target != nil || file.isTest else { return [] }
        return Self.lines(with: Self.marks, in: file).filter { !hasProof(file, $0) }
            .map { file.finding($0, "needs a comment above that begins with `Proof:` and says why it is safe") }
    }

    /// How many such places a file has, proven or not.
    static func count(in file: SourceFile) -> Int {
        lines(with: marks, in: file).count
    }

    private static func lines(with marks: [String], in file: SourceFile) -> [Int] {
        guard let code = file.code else { return [] }
        return code.lines.enumerated().flatMap { index, line in marks.filter(line.contains).map { _ in index } }
    }

    /// Looks through the comments directly above; attributes may stand between.
    private func hasProof(_ file: SourceFile, _ index: Int) -> Bool {
        file.lines[..<index].reversed().map { $0.drop(while: \.isWhitespace) }
            .prefix { $0.hasPrefix("//") || $0.hasPrefix("@") }
            .contains { $0.contains("Proof:") }
    }
}
