/// How something grows with a text's units, from the last measurements: a least-squares line, and how far above it the
/// highest of them lie.
package struct LinearFit: Sendable, Equatable, Codable {
    /// A measurement.
    private struct Sample: Equatable, Codable {
        let units: Double
        let value: Double
    }

    /// The last ones, in no order once there are `limit`.
    private var samples: [Sample] = []
    /// Where the next one goes.
    private var next = 0
    /// The value at no units.
    private var intercept = 0.0
    /// The value that a unit adds.
    private var slope = 0.0
    /// How much more than the line the quantile of the samples is.
    private var margin = 0.0
    private let quantile: Double
    /// Which of the last predictions were worth something, the latest last. Not kept over restarts: the machine may be
    /// busier than it was.
    private var trials: [Bool] = []

    /// Measurements that are kept.
    private static let limit = 128

    /// More than any device has, and little enough to be counted together.
    private static let largest = Double(1 << 50)

    private enum CodingKeys: String, CodingKey { case samples, quantile }

    /// Takes what makes sense of what was kept.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(quantile: min(1, max(0, try container.decode(Double.self, forKey: .quantile))))
        let kept = try container.decode([Sample].self, forKey: .samples)
        samples = kept.filter { (0...Self.largest).contains($0.units) && (0...Self.largest).contains($0.value) }
            .suffix(Self.limit)
        next = samples.count % Self.limit
        if !samples.isEmpty { fit() }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(samples, forKey: .samples)
        try container.encode(quantile, forKey: .quantile)
    }

    /// - Parameter quantile: of the samples, what share a prediction is to cover, such as 0.99.
    package init(quantile: Double) {
        self.quantile = quantile
    }

    /// How many measurements it rests on.
    package var count: Int { samples.count }

    /// The most units that were measured.
    package var largestUnits: Int { Int(samples.map(\.units).max() ?? 0) }

    /// Whether predictions have shown what they are worth: of the last 16 measurements 12 were what had been predicted
    /// before, give or take a half. Only then is anything refused because of them.
    package private(set) var isProven = false

    private static let (trialsKept, trialsWon) = (16, 12)
    /// How far a measurement may be from what was predicted, as a part of that; and as a value, which is noise.
    private static let (trialTolerance, trialNoise) = (0.5, 0.005)

    /// Compares a measurement with what was predicted of it.
    private mutating func prove(_ sample: Sample) {
        guard let mean = mean(units: Int(sample.units)) else { return }
        if trials.count == Self.trialsKept { trials.removeFirst() }
        trials.append(abs(sample.value - mean) <= max(mean * Self.trialTolerance, Self.trialNoise))
        isProven = trials.count == Self.trialsKept && trials.count(where: \.self) >= Self.trialsWon
    }

    /// The value at no units, what a unit adds, and how much more than that the quantile is; `nil` before the first
    /// measurement.
    var line: (base: Double, perUnit: Double, margin: Double)? { samples.isEmpty ? nil : (intercept, slope, margin) }

    /// Takes in a measurement.
    package mutating func observe(units: Int, value: Double) {
        let sample = Sample(units: Double(units), value: max(0, min(value, Self.largest)))
        prove(sample)
        let isSurprising = value > predict(units: units) ?? 0
        if samples.count < Self.limit { samples.append(sample) } else { samples[next] = sample }
        next = (next + 1) % Self.limit
        // One of many changes little, and a fit takes time. But what was not foreseen is to be foreseen the next time.
        if samples.count < Self.limit || next.isMultiple(of: 8) || isSurprising { fit() }
    }

    /// The value for a text of so many units that the quantile of texts stay below; `nil` before the first measurement.
    package func predict(units: Int) -> Double? {
        samples.isEmpty ? nil : min(max(0, intercept + slope * Double(units) + margin), Self.largest)
    }

    /// As `predict`. For a text larger than all measured ones, the value grows in proportion to the units, if that is
    /// more.
    func predictWidely(units: Int) -> Double? {
        let largest = max(1, largestUnits)
        guard let value = predict(units: units), units > largest, let known = predict(units: largest) else {
            return predict(units: units)
        }
        return max(value, min(known * Double(units) / Double(largest), Self.largest))
    }

    /// The mean value for a text of so many units; `nil` before the first measurement.
    package func mean(units: Int) -> Double? {
        samples.isEmpty ? nil : min(max(0, intercept + slope * Double(units)), Self.largest)
    }

    /// What a text of so many units may become, going by those that were measured: as far from the line as 96 % of
    /// them, and a fifth more or less, and farther if it is larger than all of them; `nil` while there are too few.
    func plausible(units: Int) -> ClosedRange<Double>? {
        guard samples.count >= Self.enough, let mean = mean(units: units) else { return nil }
        let residuals = samples.map { $0.value - intercept - slope * $0.units }.sorted()
        // A few that were wrong and were believed do not make more of them believable.
        let outliers = max(1, Int(Self.outliers * Double(residuals.count)))
        let below = max(0, -residuals[outliers])
        let above = max(0, residuals[residuals.count - 1 - outliers])
        let slack = mean / 5 + Self.slack
        // A line through small texts says less of a large one.
        let stretch = max(1, Double(units) / Double(max(1, largestUnits)))
        return (mean - (below + slack) * stretch)...(mean + (above + slack) * stretch)
    }

    /// The share of the measurements on each side that does not count for what is plausible; one at least.
    private static let outliers = 0.02
    /// Measurements that say what is plausible.
    private static let enough = 16
    /// What is always plausible more or less.
    private static let slack = 0.05

    private mutating func fit() {
        let count = Double(samples.count)
        let units = samples.reduce(0) { $0 + $1.units } / count
        let value = samples.reduce(0) { $0 + $1.value } / count
        let variance = samples.reduce(0) { $0 + ($1.units - units) * ($1.units - units) }
        if variance > 0 {
            // A value that falls as texts grow is noise.
            slope = max(0, samples.reduce(0) { $0 + ($1.units - units) * ($1.value - value) } / variance)
        } else {
            // One size only: larger ones take in proportion.
            slope = units > 0 ? max(0, value / units) : 0
        }
        intercept = value - slope * units
        let above = samples.map { $0.value - intercept - slope * $0.units }.sorted()
        // Rounded up, so that of 128 the highest counts for 0.99: an instance that ran out of memory is heard.
        margin = max(0, above[min(above.count - 1, above.count - Int((1 - quantile) * count))])
    }
}
