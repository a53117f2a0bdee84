/// Writes a plan's numbers for people.
enum PlanText {
    /// A size, in MiB below 1 GiB, else in GiB with one decimal.
    static func size(_ bytes: Int) -> String {
        bytes < 1 << 30
            ? "\(fixed(Double(bytes) / 1_048_576, 0)) MiB" : "\(fixed(Double(bytes) / 1_073_741_824, 1)) GiB"
    }

    /// Two sizes of which one has to be seen to be the larger.
    static func apart(_ first: Int, _ second: Int) -> (String, String) {
        if size(first) != size(second) { return (size(first), size(second)) }
        return ("\(fixed(Double(first) / 1_048_576, 1)) MiB", "\(fixed(Double(second) / 1_048_576, 1)) MiB")
    }

    /// A number with so many decimals, whatever their value.
    static func fixed(_ value: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let all = Int((abs(value) * Double(scale)).rounded())
        let decimals = String(all % scale)
        let zeros = String(repeating: "0", count: max(0, places - decimals.count))
        return (value < 0 && all > 0 ? "-" : "") + "\(all / scale)" + (places > 0 ? ".\(zeros)\(decimals)" : "")
    }

    /// A share of a hundred.
    static func percent(_ share: Double) -> String {
        share > 0 && share < 0.005 ? "< 1 %" : "\(fixed(share * 100, 0)) %"
    }

    /// Breaks a text into lines between its words.
    static func lines(_ text: String, columns: Int) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
    }
}
