/// Sizes as people write them: `1MiB`, `512KiB`, `1GB`, or plain bytes.
enum ByteSize {
    private static let units: [(name: String, bytes: Int)] = [
        ("", 1), ("B", 1), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    /// Reads a size in bytes; `nil` for an unknown unit or a number that is not whole.
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let unit = units.first(where: { $0.name == text.dropFirst(digits.count) }), let number = Int(digits)
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// Writes a size in the largest binary unit that keeps it a whole number.
    static func text(_ bytes: Int) -> String {
        let unit = units.last { $0.name.hasSuffix("iB") && bytes >= $0.bytes && bytes.isMultiple(of: $0.bytes) }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? String(bytes)
    }
}
