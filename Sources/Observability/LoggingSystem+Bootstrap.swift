import Glibc
package import Logging

extension LoggingSystem {
    /// Sends the logs of this process to standard error. To be called once, at the start of `main`.
    ///
    /// Text is coloured if standard error is a terminal and `NO_COLOR` is unset or empty.
    /// - Parameter level: what is less severe is not shown.
    package static func bootstrap(format: LogFormat, level: Logger.Level) {
        let sink = LogSink(fileDescriptor: STDERR_FILENO)
        let formatter: any LogFormatter =
            switch format {
            case .text: TerminalLogFormatter(colours: isatty(STDERR_FILENO) == 1 && !isColourRefused)
            case .json: JSONLogFormatter()
            }
        bootstrap { LineLogHandler(label: $0, level: level, formatter: formatter, sink: sink) }
    }

    /// As https://no-color.org says it.
    private static var isColourRefused: Bool {
        guard let value = getenv("NO_COLOR") else { return false }
        return value.pointee != 0
    }
}
