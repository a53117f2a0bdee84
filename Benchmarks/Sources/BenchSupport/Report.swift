import FoundationEssentials

/// What was measured, for people and for programs.
package struct Report {
    package var figures: [Figure]

    package init(figures: [Figure]) {
        self.figures = figures
    }

    /// One line per figure.
    package var table: String {
        let width = figures.map(\.name.count).max() ?? 0
        return figures.map { figure in
            let name = figure.name + spaces(width - figure.name.count)
            let value = "\(rounded(figure.value))"
            let line = "\(name)  \(spaces(10 - value.count))\(value) \(figure.unit)"
            return figure.target == nil ? line : line + "  \(verdict(of: figure))"
        }.joined(separator: "\n")
    }

    /// A JSON array with an object per figure.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(figures.map(Entry.init)), as: UTF8.self)
    }

    private struct Entry: Encodable {
        var name: String
        var value: Double
        var unit: String
        var atMost: Double?
        var atLeast: Double?
        var isMet: Bool?

        init(_ figure: Figure) {
            name = figure.name
            value = figure.value
            unit = figure.unit
            isMet = figure.isMet
            switch figure.target {
            case .atMost(let limit): atMost = limit
            case .atLeast(let limit): atLeast = limit
            case nil: break
            }
        }
    }

    private func verdict(of figure: Figure) -> String {
        let mark = figure.isMet == true ? "ok" : "MISSED"
        return switch figure.target {
        case .atMost(let limit): "\(mark) (at most \(rounded(limit)))"
        case .atLeast(let limit): "\(mark) (at least \(rounded(limit)))"
        case nil: ""
        }
    }

    /// Three decimals say more than was measured; more would only pretend.
    private func rounded(_ value: Double) -> Double {
        (value * 1_000).rounded() / 1_000
    }

    private func spaces(_ count: Int) -> String {
        String(repeating: " ", count: max(count, 0))
    }
}
