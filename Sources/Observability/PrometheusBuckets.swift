/// The upper bounds of a histogram's buckets. One more bucket, without a bound, takes what is above the last of them.
package struct PrometheusBuckets: Sendable, Equatable, ExpressibleByArrayLiteral {
    /// How many bounds a histogram can have.
    package static let limit = 15

    /// For seconds of waiting and working, from 1 ms to a minute.
    package static let latency: PrometheusBuckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    let values: [Double]

    /// - Parameter bounds: finite and rising, at most `limit` of them.
    package init(arrayLiteral bounds: Double...) {
        precondition(bounds.count <= Self.limit, "a histogram has at most \(Self.limit) bounds")
        precondition(bounds.allSatisfy(\.isFinite), "the bounds of a histogram are finite")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "the bounds of a histogram rise")
        values = bounds
    }

    /// The bucket that a value belongs to: the first whose bound is not below it. Looks at all bounds, which is faster
    /// than to stop at the right one, because no branch depends on the value.
    func index(of value: Double) -> Int {
        values.count { $0 < value }
    }
}
