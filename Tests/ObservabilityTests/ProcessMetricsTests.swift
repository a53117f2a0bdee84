import Testing

@testable import Observability

@Suite("Process metrics")
struct ProcessMetricsTests {
    /// A program whose name is there to mislead.
    let stat = """
        42 (a) R (b) S 1 2 3 4 -1 4194560 5 6 7 8 250 150 11 12 20 0 4 0 3000 1048576 77 18446744073709551615 1 1 0 0

        """

    @Test("the kernel's texts are understood")
    func parse() throws {
        let metrics = try #require(
            ProcessMetrics(
                processStat: stat,
                systemStat: "cpu 1 2 3\nctxt 4\nbtime 1000000\nprocesses 5\n",
                openFiles: 9,
                ticksPerSecond: 100,
                pageBytes: 4096
            )
        )
        var page = PrometheusPage()
        metrics.write(to: &page)
        #expect(
            page.text.split(separator: "\n").filter { !$0.hasPrefix("#") } == [
                "process_cpu_seconds_total 4", "process_open_fds 9", "process_resident_memory_bytes 315392",
                "process_start_time_seconds 1000030", "process_virtual_memory_bytes 1048576",
            ]
        )
    }

    @Test(
        "other texts give nothing",
        arguments: ["", "42", "42 (a) R 1 2", "42 (a) R x x x x x x x x x x x x x x x x x x x x"]
    )
    func broken(stat: String) {
        #expect(
            ProcessMetrics(processStat: stat, systemStat: "btime 1", openFiles: 1, ticksPerSecond: 100, pageBytes: 1)
                == nil
        )
        #expect(
            ProcessMetrics(processStat: self.stat, systemStat: "cpu 1", openFiles: 1, ticksPerSecond: 1, pageBytes: 1)
                == nil
        )
    }

    @Test("the system tells of this very process")
    func live() throws {
        let metrics = try #require(ProcessMetrics.current())
        #expect(metrics.residentBytes > 1 << 20)
        #expect(metrics.virtualBytes > metrics.residentBytes)
        #expect(metrics.openFiles >= 3)
        #expect(metrics.startSeconds > 1_600_000_000)
    }
}
