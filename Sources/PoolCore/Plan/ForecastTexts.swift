/// How the lengths of texts are spread.
package enum ForecastTexts: Sendable {
    /// As people write: 95 of 100 have from 20 to 200 units, and none is out of these bounds.
    ///
    /// The logarithm of the length is a sum of coin tosses, so it is all but normal, and the length lognormal.
    case spoken
    /// Exponentially: for such, the theory of queues has formulas.
    case memoryless

    private static let shortest = 20.0
    private static let longest = 200.0
    /// Tosses for one length.
    private static let tosses = 32
    /// What a toss makes of a length. From the middle to a bound, which is √10 times, are two standard deviations:
    /// 2·√32 tosses that fell the same way.
    private static let factor = 1.107_1

    /// The lengths, by how many tosses were heads.
    private static let lengths = (0...tosses).map { heads in
        var length = (shortest * longest).squareRoot()
        for _ in 0..<abs(2 * heads - tosses) { length = 2 * heads > tosses ? length * factor : length / factor }
        return min(max(length, shortest), longest)
    }

    /// The mean length, in units.
    package static let meanUnits = {
        var (ways, sum, all) = (1.0, 0.0, 0.0)
        for (heads, length) in lengths.enumerated() {
            sum += ways * length
            all += ways
            ways *= Double(tosses - heads) / Double(heads + 1)
        }
        return sum / all
    }()

    /// A length, in units.
    func units(using random: inout SplitMix64) -> Double {
        switch self {
        case .spoken: Self.lengths[UInt32(truncatingIfNeeded: random.next()).nonzeroBitCount]
        case .memoryless: Self.meanUnits * random.exponential()
        }
    }
}

extension SplitMix64 {
    /// A number of which the distribution is exponential with the mean 1.
    ///
    /// John von Neumann's way, which needs no logarithm ("Various techniques used in connection with random digits",
    /// 1951): numbers from 0 to 1 are drawn for as long as they fall. They fall an odd number of times, the first
    /// counted, with the probability e⁻ˣ if x was the first.
    mutating func exponential() -> Double {
        var whole = 0.0
        while true {
            let first = Double.random(in: 0..<1, using: &self)
            var (last, length) = (first, 1)
            while true {
                let number = Double.random(in: 0..<1, using: &self)
                if number >= last { break }
                (last, length) = (number, length + 1)
            }
            if !length.isMultiple(of: 2) { return whole + first }
            whole += 1
        }
    }
}
