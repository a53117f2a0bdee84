/// How much of the host's memory a process has, in bytes.
package struct ProcessMemory: Sendable, Equatable {
    /// All that is in memory, shared with others or not (RSS).
    package var residentBytes: Int
    /// The same with what is shared divided among those who share it (PSS): the sum over processes is what they use.
    package var proportionalBytes: Int
    /// What nobody shares (USS): what comes back when the process ends.
    package var privateBytes: Int
    /// What of that is not in a file as well: what another process of the same program adds.
    package var dirtyBytes: Int
    /// The most that was ever resident, or since the peak was reset.
    package var peakResidentBytes: Int

    package init(
        residentBytes: Int,
        proportionalBytes: Int,
        privateBytes: Int,
        dirtyBytes: Int,
        peakResidentBytes: Int
    ) {
        self.residentBytes = residentBytes
        self.proportionalBytes = proportionalBytes
        self.privateBytes = privateBytes
        self.dirtyBytes = dirtyBytes
        self.peakResidentBytes = peakResidentBytes
    }
}

extension ProcessMemory {
    /// Reads it from `/proc`. What is resident stands in for what a kernel without `smaps_rollup` does not tell.
    /// - Returns: `nil` when the process has gone.
    init?(of pid: Int32, in files: KernelFiles) {
        let status = files.values(at: "/proc/\(pid)/status")
        // A process that has ended, and only waits to be reaped, has no memory.
        guard let resident = status["VmRSS"] else { return nil }
        // It adds up the pages themselves, so it is exact where `status` lags behind.
        let rollup = files.values(at: "/proc/\(pid)/smaps_rollup")
        residentBytes = rollup["Rss"] ?? resident
        proportionalBytes = rollup["Pss"] ?? resident
        privateBytes = rollup["Private_Clean"].map { $0 + (rollup["Private_Dirty"] ?? 0) } ?? resident
        dirtyBytes = rollup["Private_Dirty"] ?? resident
        peakResidentBytes = max(status["VmHWM"] ?? 0, residentBytes)
    }
}
