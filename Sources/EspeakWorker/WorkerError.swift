import Glibc

/// Why the worker cannot run.
struct WorkerError: Error, CustomStringConvertible {
    /// What was wrong and what to do.
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A system call that failed; `errno` says why.
    static func system(_ action: String) -> WorkerError {
        WorkerError("cannot \(action): \(String(cString: strerror(errno)))")
    }
}
