/// One measured number, and what it ought to be.
package struct Figure {
    /// What the project aims at.
    package enum Target {
        case atMost(Double)
        case atLeast(Double)
    }

    package var name: String
    package var value: Double
    package var unit: String
    /// `nil` for a number that only explains another.
    package var target: Target?

    package init(name: String, value: Double, unit: String, target: Target? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.target = target
    }

    /// Whether the target is met; `nil` without one.
    package var isMet: Bool? {
        switch target {
        case .atMost(let limit): value <= limit
        case .atLeast(let limit): value >= limit
        case nil: nil
        }
    }
}
