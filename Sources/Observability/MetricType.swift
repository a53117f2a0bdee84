/// The types of metric families that we make, as the exposition format names them.
enum MetricType: String, Sendable {
    case counter, gauge, histogram

    /// What a family may put behind its name to form the names of its samples.
    var suffixes: [String] {
        switch self {
        case .counter, .gauge: [""]
        case .histogram: ["", "_bucket", "_sum", "_count"]
        }
    }
}
