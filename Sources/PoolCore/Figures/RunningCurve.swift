/// How much gets done on a device by how many run at once, and where more of them stop helping: the knee.
///
/// A job is taken to do its work evenly over its time. So what it did while `k` ran is known when it ends, and the
/// rate of one of `k` times `k` is what the device does. Old jobs count less and less, so a figure that nothing
/// renews is one day unknown again, and is tried again.
package struct RunningCurve: Sendable, Equatable, Codable {
    /// What was seen while so many ran.
    private struct Point: Equatable, Codable {
        var jobs = 0.0
        var seconds = 0.0
        var units = 0.0

        var makesSense: Bool {
            [jobs, seconds, units].allSatisfy { $0 >= 0 && $0 < 1e15 } && (jobs == 0 || seconds > 0)
        }
    }

    /// By how many ran, from 0.
    private var points: [Point] = []
    private var clock = CrowdClock()

    /// Jobs after which half of what was seen is forgotten.
    private static let halfLife = 500.0
    /// Jobs that make a figure.
    private static let enough = 16.0
    /// What more instances have to bring to be worth it.
    private static let gain = 0.02
    /// Where fewer are tried out: below it, one fewer costs too much while it is tried.
    private static let exploredFrom = 4

    package init() {}

    private enum CodingKeys: String, CodingKey { case points }

    /// Takes what makes sense of what was kept.
    package init(from decoder: any Decoder) throws {
        let points = try decoder.container(keyedBy: CodingKeys.self).decode([Point].self, forKey: .points)
        self.points = points.prefix(Self.most).map { $0.makesSense ? $0 : Point() }
        knee = findKnee()
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(points, forKey: .points)
    }

    /// Numbers of running jobs that are kept.
    private static let most = 1 << 16

    /// A job began.
    mutating func started(now: Instant) -> CrowdClock.Mark { clock.started(now: now) }

    /// A job is over.
    /// - Parameter units: what it did, unless it did not come to its own end.
    mutating func ended(since mark: CrowdClock.Mark, units: Int?, now: Instant) {
        let shares = clock.seconds(since: mark, until: now)
        clock.ended(now: now)
        guard let units else { return }
        let total = shares.reduce(0, +)
        guard total > 0 else { return }
        let kept = 1 - 0.693 / Self.halfLife
        for level in points.indices {
            points[level].jobs *= kept
            points[level].seconds *= kept
            points[level].units *= kept
        }
        while points.count < shares.count { points.append(Point()) }
        for (level, seconds) in shares.enumerated() where seconds > 0 {
            points[level].jobs += seconds / total
            points[level].seconds += seconds
            points[level].units += Double(units) * seconds / total
        }
        knee = findKnee()
    }

    /// Units a second while so many run; `nil` when that is not known.
    package func unitsPerSecond(running: Int) -> Double? {
        guard points.indices.contains(running), points[running].jobs >= Self.enough else { return nil }
        return Double(running) * points[running].units / points[running].seconds
    }

    /// The figures that there are: how many ran, and units a second.
    package var figures: [(running: Int, unitsPerSecond: Double)] {
        points.indices.compactMap { level in unitsPerSecond(running: level).map { (level, $0) } }
    }

    /// The fewest that do as much as any number does; `nil` when nothing is known.
    package private(set) var knee: Int?

    private func findKnee() -> Int? {
        let known = points.indices.lazy.compactMap { level in unitsPerSecond(running: level).map { (level, $0) } }
        guard let best = known.map(\.1).max() else { return nil }
        return known.first { $0.1 >= best * (1 - Self.gain) }?.0
    }

    /// How many may run: the knee, or a neighbour of it that is not known.
    func limit(slots: Int) -> Int {
        guard let knee, knee < slots || slots >= Self.exploredFrom else { return slots }
        if knee >= Self.exploredFrom, unitsPerSecond(running: knee - 1) == nil { return min(knee - 1, slots) }
        return min(unitsPerSecond(running: knee + 1) == nil ? knee + 1 : knee, slots)
    }

    // MARK: Company

    /// How many times as long each of so many jobs takes as where the fewest run of which it is known, at the least and
    /// at the most: what nobody has seen yet may cost nothing, or all that others take.
    func slowdown(running: Int) -> ClosedRange<Double> {
        let speeds = figures.filter { $0.running > 0 && $0.unitsPerSecond > 0 }.map {
            (running: $0.running, each: $0.unitsPerSecond / Double($0.running))
        }
        guard let base = speeds.first, let known = speeds.last(where: { $0.running <= running }) else {
            // Fewer than were ever seen are no slower than those.
            return 1...(speeds.isEmpty ? Double(max(1, running)) : 1)
        }
        let seen = max(1, base.each / known.each)
        return seen...(seen * max(1, Double(running) / Double(known.running)))
    }

    /// How many of the seconds that a job had in such company it would have had to have alone.
    /// - Parameters:
    ///   - seconds: by how many ran.
    ///   - bound: of the slowdown, the one that counts.
    func undisturbed(_ seconds: [Double], _ bound: KeyPath<ClosedRange<Double>, Double>) -> Double {
        seconds.enumerated().reduce(0) { sum, share in
            share.element > 0 ? sum + share.element / slowdown(running: share.offset)[keyPath: bound] : sum
        }
    }
}
