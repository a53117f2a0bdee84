import FoundationEssentials
import Logging

/// A line that a worker wrote: plain text, or a log line of its own in JSON, as those of the Python SDK are.
struct WorkerLine {
    /// What it says.
    var text: String
    /// How important it is; what does not say so is information.
    var level = Logger.Level.info

    /// How important it is when callers' texts have been given to the worker, and it may tell them: no more than a
    /// detail, unless the worker itself says that it is a warning or worse. Then its author answers for what is in it.
    var levelAfterTexts: Logger.Level { level >= .warning ? level : min(level, .debug) }

    private struct LogLine: Decodable {
        var level: String
        var message: String
        var exception: String?
    }

    init(_ line: String) {
        guard line.hasPrefix("{"), let log = try? JSONDecoder().decode(LogLine.self, from: Data(line.utf8)) else {
            text = line
            return
        }
        text = [log.message, log.exception].compactMap(\.self).joined(separator: "\n")
        level = Logger.Level(rawValue: log.level) ?? .info
    }
}
