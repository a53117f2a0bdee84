/// Durations as people write them: `500ms`, `60s`, `1.5s`, `5m`, `1h`. The finest is a millisecond.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
    ]

    /// Reads a duration; `nil` without a unit, for a negative one, or for more digits than any limit needs.
    static func duration(_ text: String) -> Duration? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let unit = units.first(where: { $0.name == text.dropFirst(number.count) }),
            let first = number.first, first != ".", number.last != ".", number.count <= 12, let value = Double(number)
        else { return nil }
        return .milliseconds(Int64((value * Double(unit.milliseconds)).rounded()))
    }

    /// Writes a duration in the largest unit that keeps it a whole number; a minute and less stay in seconds.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        let unit = units.last { unit in
            milliseconds.isMultiple(of: unit.milliseconds) && (unit.name != "m" || milliseconds > unit.milliseconds)
                && milliseconds > 0
        }
        guard let unit else { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}
