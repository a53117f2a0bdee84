/// How much of a process is in the host's memory, shared with others or not, in bytes.
package struct Residency: Sendable, Equatable {
    /// What is in memory now.
    package var residentBytes: Int
    /// The most that ever was, or since the peak was reset.
    package var peakBytes: Int
}

extension Residency {
    /// Reads it from `/proc`, where the kernel keeps count.
    /// - Returns: `nil` when the process has gone.
    init?(of pid: Int32, in files: KernelFiles) {
        let status = files.values(at: "/proc/\(pid)/status")
        // A process that has ended, and only waits to be reaped, has no memory.
        guard let resident = status["VmRSS"] else { return nil }
        residentBytes = resident
        peakBytes = max(status["VmHWM"] ?? 0, resident)
    }
}
