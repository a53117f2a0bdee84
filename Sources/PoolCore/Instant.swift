/// A moment in the life of a pool, counted from a beginning that the caller chose.
package struct Instant: InstantProtocol, Hashable, Sendable {
    /// Time since the beginning.
    package var sinceStart: Duration

    package init(sinceStart: Duration) {
        self.sinceStart = sinceStart
    }

    /// The beginning itself.
    package static let start = Instant(sinceStart: .zero)

    package func advanced(by duration: Duration) -> Instant {
        Instant(sinceStart: sinceStart + duration)
    }

    package func duration(to other: Instant) -> Duration {
        other.sinceStart - sinceStart
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.sinceStart < right.sinceStart
    }
}
