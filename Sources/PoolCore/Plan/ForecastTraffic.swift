/// Utterances that come to an engine at random, and how fast they are spoken.
package struct ForecastTraffic: Sendable {
    /// Index into `PoolConfiguration.engines`.
    package var engine = 0
    /// How many come in a second, on average. They come independently of each other: Poisson's process.
    package var utterancesPerSecond: Double
    /// The mean of their audio, in seconds.
    package var audioSeconds: Double
    /// How fast each device is, by its name.
    package var speeds: [String: ForecastSpeed]
    /// How long their texts are.
    package var texts = ForecastTexts.spoken
    /// How many are counted. A tenth as many come before, so that the pool is as it is in the middle of a day.
    package var count = 20_000

    package init(utterancesPerSecond: Double, audioSeconds: Double, speeds: [String: ForecastSpeed]) {
        self.utterancesPerSecond = utterancesPerSecond
        self.audioSeconds = audioSeconds
        self.speeds = speeds
    }
}

/// How long utterances wait.
package struct ForecastWaits: Sendable, Equatable {
    /// The mean wait of those that were spoken.
    package var mean: Duration
    /// The wait that 95 of 100 of those that were spoken stayed below.
    package var p95: Duration
    /// The share of all that was refused, or waited too long.
    package var refused: Double
}
