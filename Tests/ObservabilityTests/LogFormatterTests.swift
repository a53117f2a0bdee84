import Logging
import Testing

@testable import Observability

@Suite("Log lines")
struct LogFormatterTests {
    func record(
        _ message: String,
        level: Logger.Level = .info,
        label: String = "chorus",
        _ metadata: Logger.Metadata = [:]
    ) -> LogRecord {
        LogRecord(
            time: LogTime(seconds: 1_769_903_999, milliseconds: 7),
            level: level,
            label: label,
            message: message,
            metadata: metadata
        )
    }

    func text(_ record: LogRecord) -> String { TerminalLogFormatter(colours: false).line(for: record) }
    func json(_ record: LogRecord) -> String { JSONLogFormatter().line(for: record) }

    let start = "2026-01-31T23:59:59.007Z "

    @Test("text has time, level, message and sorted metadata")
    func textLine() {
        let record = record(
            "The instance is ready.",
            ["worker.pid": .stringConvertible(17), "engine": "espeak", "why": "two words", "empty": "", "n": "a=\"\\"]
        )
        #expect(
            text(record) == start + #"INFO  The instance is ready. empty="" engine=espeak n="a=\"\\" "#
                + #"why="two words" worker.pid=17"# + "\n"
        )
        #expect(text(self.record("Bare.")) == start + "INFO  Bare.\n")
    }

    @Test("text shows what nests as JSON")
    func textNested() {
        #expect(text(record("m", ["a": ["x", ["k": "v"]]])) == start + #"INFO  m a="[\"x\",{\"k\":\"v\"}]""# + "\n")
    }

    @Test("levels are five columns wide")
    func levels() {
        let names = Logger.Level.allCases.map { text(record("m", level: $0)).dropFirst(start.count).prefix(6) }
        #expect(names == ["TRACE ", "DEBUG ", "INFO  ", "NOTE  ", "WARN  ", "ERROR ", "CRIT  "])
    }

    @Test("colours wrap time, level and keys, and nothing else")
    func colours() {
        let line = TerminalLogFormatter(colours: true).line(for: record("m", level: .error, ["k": "v"]))
        let escape = "\u{1B}["
        #expect(
            line == "\(escape)2m2026-01-31T23:59:59.007Z\(escape)0m \(escape)31mERROR\(escape)0m m "
                + "\(escape)2mk=\(escape)0mv\n"
        )
    }

    static let hostile = "a\nb\r\n\t\u{1B}[2J\u{0}\u{7F}\u{85}\u{9B}\u{2028}\u{202E}é大😀"

    @Test("text from outside can neither forge lines nor steer the terminal")
    func hostileText() {
        let safe = #"a\nb\r\n\t\u{1B}[2J\0\u{7F}\u{0085}\u{009B}\u{2028}\u{202E}é大😀"#
        let line = text(record(Self.hostile, ["k\n": .string(Self.hostile)]))
        #expect(line == start + "INFO  \(safe) k\\n=\(safe)\n")
        let nested = text(record("m", ["k": [.string(Self.hostile)]]))
        #expect(nested.unicodeScalars.filter(\.isUnsafeInLogs) == ["\n"])
        #expect(nested.hasSuffix("\n"))
    }

    @Test("JSON has time, level, label, message and sorted, typed metadata")
    func jsonLine() {
        let record = record(
            "Say \"hi\" \\",
            level: .warning,
            label: "chorus.pool",
            [
                "int": .stringConvertible(-3), "big": .stringConvertible(UInt64.max), "double": .stringConvertible(0.5),
                "float": .stringConvertible(Float(2)), "nan": .stringConvertible(Double.nan),
                "flag": .stringConvertible(true), "duration": .stringConvertible(Duration.seconds(2)), "text": "x",
                "list": ["a", .stringConvertible(1), []], "object": ["b": ["d": "e"], "a": .stringConvertible(false)],
                "time": "mine",
            ]
        )
        #expect(
            json(record) == #"{"time":"2026-01-31T23:59:59.007Z","level":"warning","label":"chorus.pool","#
                + #""message":"Say \"hi\" \\","big":18446744073709551615,"double":0.5,"duration":"2.0 seconds","#
                + #""flag":true,"float":2.0,"int":-3,"list":["a",1,[]],"nan":"nan","#
                + #""object":{"a":false,"b":{"d":"e"}},"text":"x","metadata.time":"mine"}"# + "\n"
        )
    }

    @Test("JSON escapes what is unsafe in keys, values and the message")
    func hostileJSON() {
        let safe = #"a\nb\r\n\t\u001b[2J\u0000\u007f\u0085\u009b\u2028\u202eé大😀"#
        #expect(
            json(record(Self.hostile, [Self.hostile: .string(Self.hostile)]))
                == #"{"time":"2026-01-31T23:59:59.007Z","level":"info","label":"chorus","message":""#
                + "\(safe)\",\"\(safe)\":\"\(safe)\"}\n"
        )
    }

    @Test(
        "times are RFC 3339 in UTC",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 999, "2000-02-29T00:00:00.999Z"),
            (4_102_444_799, 45, "2099-12-31T23:59:59.045Z"),
        ]
    )
    func times(seconds: Int, milliseconds: Int, text: String) {
        #expect(LogTime(seconds: seconds, milliseconds: milliseconds).description == text)
    }
}
