/// Small things that a formatter leaves to us, and its most visible ones, so that they hold even where it was not run.
struct LayoutRule: TidyRule {
    let name = "layout"

    /// Characters of a line at the most.
    static let columns = 120

    func check(_ file: SourceFile) -> [Finding] {
        guard file.target != nil, file.code != nil else { return [] }
        var findings: [Finding] = []
        if file.lines[0].allSatisfy(\.isWhitespace) { findings.append(file.finding(0, "begins with an empty line")) }
        let end = file.lines.count - 1
        if !file.lines[end].isEmpty {
            findings.append(file.finding(end, "does not end with a newline"))
        } else if end > 1, file.lines[end - 1].isEmpty {
            findings.append(file.finding(end - 1, "ends with an empty line"))
        }
        for (index, line) in file.lines.enumerated() {
            if line.last?.isWhitespace == true { findings.append(file.finding(index, "ends with a space")) }
            if line.count > Self.columns {
                findings.append(file.finding(index, "\(line.count) columns; a line has \(Self.columns) at most"))
            }
        }
        return findings
    }
}
