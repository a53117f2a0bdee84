import Glibc
import Synchronization

/// Has the log written to its end when the process ends, in good order or not.
enum LogFlush {
    /// How long the end of the process waits for the log's reader.
    static let limitMilliseconds = 1_000

    /// Signals of the kernel or the process itself when it cannot go on.
    private static let fatalSignals = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]

    /// Handlers of signals read these two. Their locks are held for no longer than a look, once `arrange` is done.
    private static let sink = Mutex<LogSink?>(nil)
    private static let former = Mutex<[Int32: sigaction]>([:])

    /// From now on the end of the process waits for this sink. To be called once.
    static func arrange(for sink: LogSink) {
        self.sink.withLock { $0 = sink }
        atexit { LogFlush.flush() }
        for number in fatalSignals { interpose(number) }
    }

    private static func flush() {
        sink.withLock { $0 }?.flush(milliseconds: limitMilliseconds)
    }

    /// Has a handler of the signal wait for the log before the process ends as it would have without it. Meanwhile the
    /// log's thread writes: only the thread that caused the signal is in the handler.
    private static func interpose(_ number: Int32) {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | SA_ONSTACK
        action.__sigaction_handler.sa_sigaction = { number, information, _ in
            LogFlush.flush()
            LogFlush.restore(number)
            // A fault happens again when the handler returns. A signal that was sent has to be raised again. So has a
            // trap: after it the program would go on.
            if number == SIGTRAP || information.map({ $0.pointee.si_code <= 0 }) ?? true { raise(number) }
        }
        former.withLock { former in
            var before = sigaction()
            sigaction(number, &action, &before)
            former[number] = before
        }
    }

    private static func restore(_ number: Int32) {
        former.withLock { former in
            var before = former[number] ?? sigaction()
            sigaction(number, &before, nil)
        }
    }
}
