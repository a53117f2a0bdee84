/// The small rules of Prometheus's text format: what names may look like, how text is escaped, how numbers are written.
enum PrometheusText {
    /// The name of a family: letters, digits, `_` and `:`, not starting with a digit, ending as its kind demands.
    /// - Parameter ending: such as `_total`; added unless it is there already.
    static func metricName(_ label: String, ending: String = "") -> String {
        let name = sanitised(label) { $0 == ":" }
        return name.hasSuffix(ending) ? name : name + ending
    }

    /// Dimensions as labels, sorted by name, such as `a="1",b="2"`. Two dimension lists that mean the same series give
    /// the same text: an empty value is no label, and of two values for one name the last one counts.
    static func labels(_ dimensions: [(String, String)]) -> String {
        if dimensions.isEmpty { return "" }
        var values: [String: String] = [:]
        for (key, value) in dimensions { values[labelName(key)] = value }
        return values.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(escapedLabelValue($0.value))\"" }.joined(separator: ",")
    }

    /// The name of a label: letters, digits and `_`. `le` belongs to histograms, what starts with `__` to Prometheus.
    static func labelName(_ key: String) -> String {
        let name = sanitised(key) { _ in false }
        return name == "le" || name.hasPrefix("__") ? "exported_" + name : name
    }

    static func escapedLabelValue(_ value: String) -> String {
        escaped(value, quotes: true)
    }

    static func escapedHelp(_ help: String) -> String {
        escaped(help, quotes: false)
    }

    /// A number that every reader of the format gets back as it was.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value)?.description ?? value.description
    }

    private static func sanitised(_ name: String, alsoAllowed: (Unicode.Scalar) -> Bool) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case "0"..."9":
                if result.isEmpty { result = "_" }
                result.unicodeScalars.append(scalar)
            default: result.unicodeScalars.append(alsoAllowed(scalar) ? scalar : "_")
            }
        }
        return result.isEmpty ? "_" : result
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
