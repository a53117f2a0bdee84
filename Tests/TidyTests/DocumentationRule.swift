/// Whatever other targets can see has a `///` comment.
///
/// Exempt are initialisers that only store their parameters, as the properties' comments say it all, and what a protocol
/// asks for whose requirements have comments. A protocol's requirements and an enum's cases carry no access level of
/// their own and are left to the eye.
struct DocumentationRule: TidyRule {
    let name = "documentation"

    private static let keywords: Set<Substring> = [
        "func", "var", "let", "init", "subscript", "typealias", "struct", "class", "enum", "protocol", "actor",
    ]
    private static let modifiers: Set<Substring> = [
        "static", "final", "mutating", "nonmutating", "nonisolated", "indirect", "lazy", "override", "convenience",
        "required", "weak", "unowned", "consuming", "borrowing",
    ]
    /// What the protocols of Swift and of SpeechCore ask for, as far as their names alone do not tell it apart.
    private static let witnesses = [
        // Codable, Hashable, Comparable, CustomStringConvertible, RawRepresentable, literals.
        "init(from decoder:", "func encode(to encoder:", "func hash(into hasher:", "static func ==", "static func <",
        "var description:", "let description:", "var debugDescription:", "let rawValue:", "init(rawValue:",
        "init(stringLiteral ", "init(arrayLiteral ", "init(dictionaryLiteral ", "init(integerLiteral ",
        // InstantProtocol, RandomNumberGenerator, Executor.
        "func advanced(by ", "func duration(to ", "mutating func next() -> UInt64", "func enqueue(_ job:",
        // Synthesizer, SpeechStream, SegmentRunner, SegmentSink, PoolInspector.
        "func voices(model:", "func speak(_ utterance:", "func next() async throws(SpeechError) -> PCM?",
        "func submit(_ segment:", "func start(shared:", "func append(_ chunk: PCM) -> PieceTaken", "func note(_ text:",
        "func finish(nothingToSay:", "func fail(_ error: SpeechError)", "func restart(isRepeatable:",
        "func snapshot() async -> PoolSnapshot",
    ]

    func check(_ file: SourceFile) -> [Finding] {
        guard file.target != nil, let code = file.code else { return [] }
        var findings: [Finding] = []
        var lineStart = 0
        for (index, line) in code.lines.enumerated() {
            defer { lineStart += line.utf8.count + 1 }
            guard let keyword = keywordOfVisibleDeclaration(line), !isDocumented(file, index),
                !Self.witnesses.contains(where: line.contains),
                keyword != "init" || !onlyStores(code, from: lineStart)
            else { continue }
            findings.append(file.finding(index, "needs a `///` comment: other targets can see it"))
        }
        return findings
    }

    /// What a line declares for other targets to see: `func`, `struct` and so on, or `nil`.
    private func keywordOfVisibleDeclaration(_ line: String) -> Substring? {
        var isVisible = false
        for word in withoutAttributes(line[...]).split(whereSeparator: \.isWhitespace) {
            let name = word.prefix { $0.isLetter }
            if name == "package" || name == "public" {
                isVisible = true
            } else if Self.keywords.contains(name) {
                return isVisible ? name : nil
            } else if !Self.modifiers.contains(name), !word.hasSuffix("(set)") {
                return nil
            }
        }
        return nil
    }

    /// The line without the attributes that it begins with, such as `@inlinable` and `@available(*, unavailable)`.
    private func withoutAttributes(_ line: Substring) -> Substring {
        let text = line.drop(while: \.isWhitespace)
        guard text.first == "@" else { return text }
        var rest = text.dropFirst().drop { $0.isLetter || $0.isNumber || $0 == "_" }
        if rest.first == "(" {
            var depth = 0
            rest = rest.drop { character in
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                return depth > 0
            }.dropFirst()
        }
        return withoutAttributes(rest)
    }

    /// Attributes and plain comments, such as proofs, may stand between a comment and what it is about.
    private func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        file.lines[..<index].reversed().map { $0.drop(while: \.isWhitespace) }
            .first { !$0.hasPrefix("@") && !($0.hasPrefix("//") && !$0.hasPrefix("///")) }
            .map { $0.hasPrefix("///") } ?? false
    }

    private func onlyStores(_ code: SwiftCode, from start: Int) -> Bool {
        guard let body = code.body(from: start) else { return false }
        let text = String(decoding: code.bytes[body].dropFirst().dropLast(), as: UTF8.self)
        return text.split(separator: "\n").allSatisfy { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.isEmpty || words.count == 3 && words[1] == "=" && words[2].allSatisfy(\.isLetter)
        }
    }
}
