/// Files and functions are short enough to be read in one go.
struct LengthRule: TidyRule {
    let name = "length"

    /// Lines of a file at the most.
    static let fileLimit = 500
    /// Lines of a function at the most, from its name to its closing brace.
    static let functionLimit = 70

    func check(_ file: SourceFile) -> [Finding] {
        guard file.target != nil, let code = file.code else { return [] }
        var findings: [Finding] = []
        let count = file.lines.count - 1
        if count > Self.fileLimit {
            findings.append(file.finding(Self.fileLimit, "\(count) lines; a file has \(Self.fileLimit) at most"))
        }
        for start in functions(in: code) {
            guard let body = code.body(from: start) else { continue }
            let first = code.line(of: start)
            let length = code.line(of: body.upperBound) - first + 1
            if length > Self.functionLimit {
                findings.append(
                    file.finding(first, "\(length) lines; a function has \(Self.functionLimit) at most")
                )
            }
        }
        return findings
    }

    /// Where the heads of functions, initialisers and the like begin.
    private func functions(in code: SwiftCode) -> [Int] {
        let keywords: Set<String> = ["func", "init", "deinit", "subscript"]
        var starts: [Int] = []
        var wordStart: Int?
        for (index, byte) in (code.bytes + [UInt8(ascii: "\n")]).enumerated() {
            if UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_") {
                wordStart = wordStart ?? index
            } else if let start = wordStart {
                wordStart = nil
                let isMember = start > 0 && code.bytes[start - 1] == UInt8(ascii: ".")  // As in `self.init(…)`.
                let word = String(decoding: code.bytes[start..<index], as: UTF8.self)
                if !isMember, keywords.contains(word) { starts.append(start) }
            }
        }
        return starts
    }
}
