/// How long texts take on a slot, by their size: a line through what was measured.
struct Pace: Equatable {
    /// What a job takes whatever its size, in seconds.
    var base: Double
    /// What a unit adds to that, in seconds.
    var perUnit: Double
    /// How much more than that nine of ten jobs stay below, in seconds.
    var margin: Double

    /// What jobs take on average that have so many units together, in seconds; nothing without units.
    func mean(units: Int, jobs: Int = 1) -> Double {
        units > 0 ? max(0, base * Double(jobs) + perUnit * Double(units)) : 0
    }

    /// What nine of ten jobs of a size stay below, in seconds.
    func high(units: Int) -> Double { units > 0 ? mean(units: units) + margin : 0 }

    /// The same of what waits.
    func mean(_ load: Load) -> Double { mean(units: load.units, jobs: load.jobs) }

    /// What jobs take at the most, if each takes what is predicted: no job takes less than nothing.
    func most(_ load: Load) -> Double { max(0, base) * Double(load.jobs) + perUnit * Double(load.units) }
}

/// An amount of work. How long it takes follows from what is known by then.
struct Load: Equatable {
    var jobs = 0
    var units = 0

    static func += (left: inout Load, right: Load) {
        left.jobs += right.jobs
        left.units += right.units
    }

    static func -= (left: inout Load, right: Load) {
        left.jobs -= right.jobs
        left.units -= right.units
    }
}
