extension Array where Element == Double {
    /// The value that the given share of all values does not exceed.
    /// - Precondition: there is at least one value.
    package func percentile(_ share: Double) -> Double {
        precondition(!isEmpty, "a percentile needs values")
        return sorted()[Swift.min(count - 1, Int(share * Double(count)))]
    }

    package var median: Double { percentile(0.5) }

    package var mean: Double { reduce(0, +) / Double(count) }
}

extension Duration {
    package var seconds: Double { self / .seconds(1) }
    package var milliseconds: Double { self / .milliseconds(1) }
}

/// How long something took.
package func time(_ body: () throws -> Void) throws -> Duration {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now)
}
