import FoundationEssentials
import Logging

/// A line that a worker wrote: plain text, or a log line of its own in JSON, as those of the Python SDK are.
struct WorkerLine {
    /// What it says.
    var text: String
    /// How important it is; what does not say so is information.
    var level = Logger.Level.info

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
