import SpeechCore
import Testing

@testable import chorus

@Suite("The pool for people")
struct StatusReportTests {
    private func snapshot(waiting: Int = 0, predictedWait: Double? = nil) -> PoolSnapshot {
        PoolSnapshot(
            devices: [.init(name: "cpu", instances: 2)],
            engines: [.init(name: "espeak", instances: 2, ready: 1, slots: 1, queued: waiting)],
            instances: [
                .init(
                    id: "espeak-0",
                    engine: "espeak",
                    device: "cpu",
                    state: "busy",
                    pid: 4_711,
                    slots: 1,
                    restarts: 0,
                    jobsDone: 1_234,
                    currentJobs: ["req-1", "req-2"],
                    residentBytes: 23 << 20
                ),
                .init(
                    id: "espeak-1",
                    engine: "espeak",
                    device: "cpu",
                    state: "backoff",
                    slots: 1,
                    restarts: 12,
                    jobsDone: 0,
                    currentJobs: []
                ),
            ],
            queue: .init(jobs: waiting, maxJobs: 1_000, predictedWait: predictedWait)
        )
    }

    @Test("engines, instances and the queue are shown in columns")
    func showsTables() {
        #expect(
            StatusReport(snapshot: snapshot(waiting: 7, predictedWait: 0.25)).text == """
                ENGINE  READY  SLOTS  QUEUED
                espeak    1/2      1       7

                INSTANCE  DEVICE  STATE     PID  RESTARTS  JOBS  MEMORY  WORKS ON
                espeak-0  cpu     busy     4711         0  1234  23 MiB  req-1, req-2
                espeak-1  cpu     backoff     -        12     0       -  -

                7 of 1000 jobs wait; a new one would wait about 0.3 s.

                """
        )
    }

    @Test(
        "a predicted wait has one decimal as far as that says something",
        arguments: [
            (0.0, "about 0 s"), (0.004, "less than 0.1 s"), (0.5, "about 0.5 s"), (2.0, "about 2 s"),
            (59.96, "about 60 s"), (1e300, "about 1000000000 s"),
        ]
    )
    func roundsWait(wait: Double, text: String) {
        let report = StatusReport(snapshot: snapshot(predictedWait: wait)).text
        #expect(report.hasSuffix("0 of 1000 jobs wait; a new one would wait \(text).\n"))
    }

    @Test("nothing is said of a wait that is not known")
    func hidesUnknownWait() {
        #expect(StatusReport(snapshot: snapshot()).text.hasSuffix("\n0 of 1000 jobs wait.\n"))
    }

    @Test("a table pads by characters and leaves no spaces at the ends of lines")
    func laysOutTables() {
        let table = TextTable(rows: [["a", "你好", "x"], ["bcd", "e"], []], rightAligned: [1])
        #expect(table.lines == ["a    你好  x", "bcd   e", ""])
    }
}
