import PoolCore

/// Randomness that is the same for the same seed.
package struct SeededGenerator: RandomNumberGenerator {
    private var random: SplitMix64

    /// - Parameter seed: for tests to print when they fail.
    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 { random.next() }
}
