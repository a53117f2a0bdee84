/// A page in Prometheus's text format 0.0.4, growing line by line.
struct PrometheusPage {
    private(set) var text = ""

    /// Begins a family. Its samples have to follow before the next family begins.
    mutating func begin(_ name: String, _ type: MetricType, help: String?) {
        if let help { text += "# HELP \(name) \(PrometheusText.escapedHelp(help))\n" }
        text += "# TYPE \(name) \(type.rawValue)\n"
    }

    /// Adds a sample.
    /// - Parameter labels: as `PrometheusText.labels` makes them.
    mutating func add(_ name: String, suffix: String = "", labels: String = "", _ value: Double) {
        text += name
        text += suffix
        if !labels.isEmpty {
            text += "{"
            text += labels
            text += "}"
        }
        text += " "
        text += PrometheusText.number(value)
        text += "\n"
    }
}
