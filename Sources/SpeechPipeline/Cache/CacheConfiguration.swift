/// Whether audio is shared, and how much of it is kept.
package struct CacheConfiguration: Sendable {
    /// Bytes of finished audio in memory.
    package var memoryBytes: Int
    /// Bytes of finished audio on disk; 0 keeps none there.
    package var diskBytes: Int
    /// Where on disk. It need not be there: it is made, for this user only. Other servers may have the same.
    package var directory: String
    /// Told once, in a sentence's end, why nothing more is written. Called from a thread of the disk's own.
    package var onDiskTrouble: @Sendable (String) -> Void

    package init(
        memoryBytes: Int = 64 << 20,
        diskBytes: Int = 0,
        directory: String = "",
        onDiskTrouble: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.memoryBytes = memoryBytes
        self.diskBytes = diskBytes
        self.directory = directory
        self.onDiskTrouble = onDiskTrouble
    }

    /// Whether audio is shared at all, what is in the making included.
    package var isOn: Bool { memoryBytes > 0 || diskBytes > 0 }
}
