import Logging

/// All there is to one line of the log.
struct LogRecord: Sendable {
    var time: LogTime
    var level: Logger.Level
    /// The logger's name.
    var label: String
    var message: String
    /// From the logger, its provider and the call, put together.
    var metadata: Logger.Metadata
}
