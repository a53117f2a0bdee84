/// How much audio a device makes, by how many instances run on it at once.
package enum ForecastSpeed: Sendable, Equatable {
    /// Each is as fast as one alone: it takes so many seconds for a second of audio. This is hoped for, not known.
    case undisturbed(rtf: Double)
    /// As much as was seen: so many ran, and made so many seconds of audio a second. In the order of how many ran.
    case measured([Point])

    /// What was seen while so many ran.
    package struct Point: Sendable, Equatable {
        /// How many ran.
        package var running: Int
        /// What they made together.
        package var audioPerSecond: Double
    }

    /// What was measured; `nil` if nothing was.
    /// - Parameter audioPerUnit: seconds of audio that a unit of text becomes.
    package init?(_ curve: RunningCurve, audioPerUnit: Double) {
        let points = curve.figures.filter { $0.running > 0 }.map { figure in
            Point(running: figure.running, audioPerSecond: figure.unitsPerSecond * audioPerUnit)
        }
        guard !points.isEmpty else { return nil }
        self = .measured(points)
    }

    /// Seconds of audio a second while so many run. What lies between two measurements is on the line between them;
    /// more than were ever seen at once make no more than the most that were.
    package func audioPerSecond(running: Int) -> Double {
        switch self {
        case .undisturbed(let rtf):
            return Double(running) / rtf
        case .measured(let points):
            guard let above = points.first(where: { $0.running >= running }) else {
                return points.last?.audioPerSecond ?? 0
            }
            let below = points.last { $0.running < running } ?? Point(running: 0, audioPerSecond: 0)
            let share = Double(running - below.running) / Double(above.running - below.running)
            return below.audioPerSecond + share * (above.audioPerSecond - below.audioPerSecond)
        }
    }
}
