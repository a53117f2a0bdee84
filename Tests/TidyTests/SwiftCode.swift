/// A Swift text whose comments and string literals are blanked out, so that what is left can be searched for words and
/// braces. Every line stays where it was. What is interpolated into a string stays, because it is code.
struct SwiftCode {
    /// The text, byte by byte; a blanked character is as many spaces as it had bytes.
    private(set) var bytes: [UInt8]
    /// The blanked text's lines.
    private(set) var lines: [String] = []
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        skipCode(interpolated: false)
        lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The line, from 0, that a byte is on.
    func line(of index: Int) -> Int {
        bytes[..<index].count { $0 == UInt8(ascii: "\n") }
    }

    /// The body of the function, or the like, whose head begins at a byte: from its opening brace to its closing brace.
    /// - Returns: `nil` if it has none, as a protocol's requirement.
    func body(from start: Int) -> ClosedRange<Int>? {
        var parentheses = 0
        var braces: [Int] = []
        for index in start..<bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "("): parentheses += 1
            case UInt8(ascii: ")"): parentheses -= 1
            case UInt8(ascii: "{") where parentheses == 0 || !braces.isEmpty: braces.append(index)
            case UInt8(ascii: "}") where parentheses == 0 || !braces.isEmpty:
                guard let open = braces.popLast() else { return nil }
                if braces.isEmpty { return open...index }
            case UInt8(ascii: "\n") where parentheses == 0 && braces.isEmpty:
                if beginsDeclaration(index + 1) { return nil }
            default: break
            }
        }
        return nil
    }

    private func beginsDeclaration(_ start: Int) -> Bool {
        let line = bytes[start...].prefix { $0 != UInt8(ascii: "\n") }
        let words = String(decoding: line, as: UTF8.self).split { !$0.isLetter }
        return words.contains { ["func", "init", "var", "let", "subscript", "case"].contains($0) }
    }

    // MARK: Blanking

    private func sees(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        return position + count <= bytes.count
            && text.withUTF8Buffer { $0.elementsEqual(bytes[position..<position + count]) }
    }

    private mutating func blank(_ count: Int = 1) {
        for index in position..<min(position + count, bytes.count) where bytes[index] != UInt8(ascii: "\n") {
            bytes[index] = UInt8(ascii: " ")
        }
        position += count
    }

    /// Goes over code, to the end of the text or to the parenthesis that closes an interpolation.
    private mutating func skipCode(interpolated: Bool) {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "/") where sees("//"): blank(bytes[position...].prefix { $0 != UInt8(ascii: "\n") }.count)
            case UInt8(ascii: "/") where sees("/*"): blankComment()
            case UInt8(ascii: "\""): blankString(hashes: 0)
            case UInt8(ascii: "#"):
                if let hashes = hashesOfString() { blankString(hashes: hashes) } else { position += 1 }
            case UInt8(ascii: "("):
                depth += 1
                position += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if interpolated, depth < 0 { return }
                position += 1
            default: position += 1
            }
        }
    }

    /// How many `#` the raw string literal that begins here has; `nil` if none begins here.
    private func hashesOfString() -> Int? {
        let hashes = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
        let quote = position + hashes
        return quote < bytes.count && bytes[quote] == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                blank(2)
            } else if sees("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func blankString(hashes: Int) {
        position += hashes
        let isLong = sees("\"\"\"")
        let end = [UInt8](repeating: UInt8(ascii: "\""), count: isLong ? 3 : 1) + fence(hashes)
        let escape = [UInt8(ascii: "\\")] + fence(hashes)
        position += isLong ? 3 : 1
        while position < bytes.count {
            if bytes[position...].starts(with: end) {
                position += end.count
                return
            }
            if bytes[position...].starts(with: escape) {
                blank(escape.count)
                if sees("(") {
                    position += 1
                    skipCode(interpolated: true)
                    position += 1
                } else {
                    blank()
                }
            } else if sees("\n"), !isLong {
                return
            } else {
                blank()
            }
        }
    }

    private func fence(_ hashes: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
    }
}
