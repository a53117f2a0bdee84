import Glibc
package import Logging

extension LoggingSystem {
    /// Sends the logs of this process to standard error. To be called once, at the start of `main`, after the metrics'
    /// factory is set.
    ///
    /// Before the process exits, aborts or ends by a fault of its own, what was logged is written, if that takes no
    /// longer than a second.
    ///
    /// Text is coloured if standard error is a terminal and `NO_COLOR` is unset or empty.
    /// - Parameter level: what is less severe is not shown.
    package static func bootstrap(format: LogFormat, level: Logger.Level) {
        let formatter: any LogFormatter =
            switch format {
            case .text: TerminalLogFormatter(colours: isatty(STDERR_FILENO) == 1 && !isColourRefused)
            case .json: JSONLogFormatter()
            }
        let sink = LogSink(fileDescriptor: STDERR_FILENO, formatter: formatter)
        LogFlush.arrange(for: sink)
        bootstrap { LineLogHandler(label: $0, level: level, sink: sink) }
    }

    /// As https://no-color.org says it.
    private static var isColourRefused: Bool {
        guard let value = getenv("NO_COLOR") else { return false }
        return value.pointee != 0
    }
}
