/// Values by key, of which those that were used last are kept: as many as fit into a number of bytes.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A value in a list from the newest to the oldest.
    private struct Entry {
        var value: Value
        var byteCount: Int
        var newer: Key?
        var older: Key?
    }

    /// What the values may cost together.
    let limitBytes: Int
    /// What they cost.
    private(set) var byteCount = 0
    private var entries: [Key: Entry] = [:]
    private var newest: Key?
    private var oldest: Key?

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Whether there is a value; this is no use of it.
    func contains(_ key: Key) -> Bool { entries[key] != nil }

    /// A value, which is the newest from now on.
    mutating func use(_ key: Key) -> Value? {
        guard let entry = unlink(key) else { return nil }
        link(key, entry.value, entry.byteCount)
        return entry.value
    }

    /// Adds a value as the newest, in the place of the one that its key has.
    /// - Returns: the keys that had to go; its own, if it alone is too much.
    mutating func insert(_ value: Value, for key: Key, byteCount: Int) -> [Key] {
        _ = unlink(key)
        link(key, value, byteCount)
        return shrink()
    }

    /// Adds a value as the oldest, if its key has none and it fits.
    /// - Returns: whether it is there.
    mutating func insertOldest(_ value: Value, for key: Key, byteCount: Int) -> Bool {
        guard entries[key] == nil else { return true }
        guard self.byteCount + byteCount <= limitBytes else { return false }
        entries[key] = Entry(value: value, byteCount: byteCount, newer: oldest, older: nil)
        if let oldest { entries[oldest]?.older = key } else { newest = key }
        oldest = key
        self.byteCount += byteCount
        return true
    }

    /// Removes a value, if there is one.
    mutating func remove(_ key: Key) { _ = unlink(key) }

    private mutating func shrink() -> [Key] {
        var gone: [Key] = []
        while byteCount > limitBytes, let key = oldest {
            _ = unlink(key)
            gone.append(key)
        }
        return gone
    }

    private mutating func link(_ key: Key, _ value: Value, _ byteCount: Int) {
        entries[key] = Entry(value: value, byteCount: byteCount, newer: nil, older: newest)
        if let newest { entries[newest]?.newer = key } else { oldest = key }
        newest = key
        self.byteCount += byteCount
    }

    private mutating func unlink(_ key: Key) -> Entry? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        if let newer = entry.newer { entries[newer]?.older = entry.older } else { newest = entry.older }
        if let older = entry.older { entries[older]?.newer = entry.newer } else { oldest = entry.newer }
        byteCount -= entry.byteCount
        return entry
    }
}
