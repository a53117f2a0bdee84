/// Lays out rows of cells in columns, for people.
struct TextTable: Sendable {
    /// The cells; rows may differ in length.
    var rows: [[String]]
    /// Columns whose cells end at the same place: numbers. Counted from 0.
    var rightAligned: Set<Int> = []

    /// The rows with their columns in line, two spaces apart.
    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? padding + cell : cell + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}
