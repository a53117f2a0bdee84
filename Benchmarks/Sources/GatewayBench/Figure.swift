/// One measured number, and what it ought to be.
struct Figure {
    /// What the project aims at.
    enum Target {
        case atMost(Double)
        case atLeast(Double)
    }

    var name: String
    var value: Double
    var unit: String
    /// `nil` for a number that only explains another.
    var target: Target?

    /// Whether the target is met; `nil` without one.
    var isMet: Bool? {
        switch target {
        case .atMost(let limit): value <= limit
        case .atLeast(let limit): value >= limit
        case nil: nil
        }
    }
}
