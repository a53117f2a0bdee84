/// How long texts take on a slot, by their size: a line through the measurements.
struct Pace: Equatable {
    /// The part of a job's time that does not depend on its size, in seconds.
    var base: Double
    /// The time that a unit adds to that, in seconds.
    var perUnit: Double
    /// How far the p90 lies above that line, in seconds.
    var margin: Double

    /// The mean time of jobs that have so many units together, in seconds; 0 without units.
    func mean(units: Int, jobs: Int = 1) -> Double {
        units > 0 ? max(0, base * Double(jobs) + perUnit * Double(units)) : 0
    }

    /// The p90 of the time that a job of this size takes, in seconds.
    func high(units: Int) -> Double { units > 0 ? mean(units: units) + margin : 0 }

    /// The mean time of a load, in seconds.
    func mean(_ load: Load) -> Double { mean(units: load.units, jobs: load.jobs) }

    /// The most that the mean times of jobs add up to, in seconds. A negative base does not count: no job takes less
    /// than 0.
    func most(_ load: Load) -> Double { max(0, base) * Double(load.jobs) + perUnit * Double(load.units) }

    /// The most that the p90 of the times of jobs add up to, in seconds.
    func mostHigh(_ load: Load) -> Double { most(load) + margin * Double(load.jobs) }
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
