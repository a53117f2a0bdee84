/// Tells a text from others, together with its engine, voice and options. The text itself is not known here.
package struct TextDigest: Hashable, Sendable {
    /// 128 bits of a cryptographic digest, so that nobody finds two texts with the same.
    package var high: UInt64
    /// See `high`.
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// Texts that instances have ended over. One that has ended two is not spoken any more.
///
/// It is bounded: the entry that was noted first makes room for a new one. An entry is forgotten when its text has been
/// spoken after all, or after a day.
struct Quarantine: Sendable {
    /// A text and what it did.
    struct Entry: Sendable {
        let engine: Int
        var deaths = 0
        var since: Instant
        var refused = 0
    }

    /// Deaths after which a text is not tried again.
    static let maxDeaths = 2
    /// Texts that are remembered.
    static let limit = 1_000
    /// How long a text is remembered.
    static let memory = Duration.seconds(24 * 60 * 60)

    private(set) var entries: [TextDigest: Entry] = [:]

    /// Whether a text is not to be spoken.
    func holds(_ text: TextDigest, now: Instant) -> Bool {
        guard let entry = entries[text] else { return false }
        return entry.deaths >= Self.maxDeaths && entry.since.duration(to: now) < Self.memory
    }

    /// An instance ended over a text.
    /// - Returns: whether the text is not to be spoken any more.
    mutating func instanceDied(of text: TextDigest, engine: Int, now: Instant) -> Bool {
        entries = entries.filter { $0.value.since.duration(to: now) < Self.memory }
        if entries[text] == nil, entries.count >= Self.limit,
            let oldest = entries.min(by: { $0.value.since < $1.value.since })?.key
        {
            entries[oldest] = nil
        }
        entries[text, default: Entry(engine: engine, since: now)].deaths += 1
        entries[text]?.since = now
        return holds(text, now: now)
    }

    /// A request was refused because of its text.
    mutating func refused(_ text: TextDigest) { entries[text]?.refused += 1 }

    /// A text was spoken, so it was not to blame.
    mutating func survived(_ text: TextDigest) { entries[text] = nil }

    /// A text may be tried again; `nil` is all of them.
    /// - Returns: how many were not to be spoken.
    mutating func release(_ text: TextDigest?, now: Instant) -> Int {
        let released = entries.keys.filter { $0 == text ?? $0 && holds($0, now: now) }
        for key in released { entries[key] = nil }
        return released.count
    }

    /// What is remembered of an engine that is another one now says nothing.
    mutating func forget(engine: Int) { entries = entries.filter { $0.value.engine != engine } }
}
