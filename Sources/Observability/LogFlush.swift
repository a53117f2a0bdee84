import Glibc

/// Has the log written to its end when the process ends, in good order or not.
enum LogFlush {
    /// How long the end of the process waits for the log's reader.
    static let limitMilliseconds = 1_000

    /// What the kernel or the process itself sends when it cannot go on.
    private static let fatalSignals = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]

    // Proof: `arrange` alone sets it, once, at the start of `main`, before it names those that read it.
    nonisolated(unsafe) private static var sink: LogSink?

    // Proof: as `sink`; a handler reads no more than the entry of its own signal.
    nonisolated(unsafe) private static let former = UnsafeMutablePointer<sigaction>.allocate(capacity: Int(NSIG))

    /// From now on the end of the process waits for this sink. To be called once.
    static func arrange(for sink: LogSink) {
        self.sink = sink
        atexit { LogFlush.flush() }
        for number in fatalSignals { interpose(number) }
    }

    private static func flush() {
        sink?.flush(milliseconds: limitMilliseconds)
    }

    /// Has a handler of the signal wait for the log before the process ends as it would have without it. Meanwhile the
    /// log's thread writes: only the thread that caused the signal is in the handler.
    private static func interpose(_ number: Int32) {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | SA_ONSTACK
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            LogFlush.flush()
            sigaction(number, LogFlush.former + Int(number), nil)
            // A fault happens again when the handler returns. What was sent has to be sent again.
            if let information, information.pointee.si_code <= 0 { raise(number) }
        }
        sigaction(number, &action, former + Int(number))
    }
}
