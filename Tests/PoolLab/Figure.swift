/// One number, and what it ought to be.
struct Figure: Encodable {
    var name: String
    var value: Double
    var unit: String
    var atMost: Double?
    var atLeast: Double?

    private enum CodingKeys: String, CodingKey {
        case name, value, unit
        case atMost = "at_most"
        case atLeast = "at_least"
    }

    init(_ name: String, _ value: Double, _ unit: String = "", atMost: Double? = nil, atLeast: Double? = nil) {
        self.name = name
        // JSON has no infinity: so long did nobody wait.
        self.value = min(value, 1e9)
        self.unit = unit
        self.atMost = atMost
        self.atLeast = atLeast
    }

    /// Whether it is as it ought to be.
    var isMet: Bool { value <= atMost ?? .infinity && value >= atLeast ?? -.infinity }

    /// One line per figure.
    static func table(_ figures: [Figure]) -> String {
        func padded(_ text: String, to width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let width = figures.map(\.name.count).max() ?? 0
        return figures.map { figure in
            let value = "\((figure.value * 1_000).rounded() / 1_000)"
            let space = String(repeating: " ", count: max(0, 10 - value.count))
            let line = padded(figure.name, to: width) + "  " + space + padded("\(value) \(figure.unit)", to: 16)
            let mark = figure.isMet ? "ok" : "MISSED"
            if let limit = figure.atMost { return line + "  \(mark) (at most \(limit))" }
            if let limit = figure.atLeast { return line + "  \(mark) (at least \(limit))" }
            return line
        }.joined(separator: "\n")
    }
}
