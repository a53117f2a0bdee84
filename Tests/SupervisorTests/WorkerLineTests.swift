import Logging
import Testing

@testable import Supervisor

@Suite("Lines that workers write")
struct WorkerLineTests {
    @Test("A log line in JSON is told at its own level, with the stack of its exception; all else is information")
    func reads() {
        let warning = WorkerLine(#"{"time": "now", "level": "warning", "logger": "a", "message": "It is \"hot\"."}"#)
        #expect(warning.text == "It is \"hot\"." && warning.level == .warning)
        let error = WorkerLine(#"{"level": "error", "message": "It failed.", "exception": "line 1\nline 2"}"#)
        #expect(error.text == "It failed.\nline 1\nline 2" && error.level == .error)
        for text in ["plain", "", "{", #"{"level": 7, "message": "x"}"#, #"{"message": "x"}"#, "[1]"] {
            #expect(WorkerLine(text).text == text && WorkerLine(text).level == .info)
        }
        #expect(WorkerLine(#"{"level": "silly", "message": "x"}"#).level == .info)
    }

    @Test("When it may tell a caller's text, a line is a detail, unless the worker says that it matters")
    func keepsTexts() {
        func level(_ line: String) -> Logger.Level { WorkerLine(line).levelAfterTexts }
        #expect(level("plain") == .debug)
        for (name, expected) in [("trace", .trace), ("info", .debug), ("warning", .warning), ("critical", .critical)]
            as [(String, Logger.Level)]
        {
            #expect(level(#"{"level": "\#(name)", "message": "x"}"#) == expected)
        }
    }
}
