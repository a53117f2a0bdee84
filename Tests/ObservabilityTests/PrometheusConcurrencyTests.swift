import CoreMetrics
import Testing

@testable import Observability

@Suite("Prometheus under concurrency")
struct PrometheusConcurrencyTests {
    @Test("nothing is lost when many tasks make, record and render at once")
    func exactSums() async {
        let registry = PrometheusRegistry(version: "1")
        let tasks = 16
        let rounds = 2_000
        await withTaskGroup { group in
            for task in 0..<tasks {
                group.addTask {
                    let meter = Meter(label: "meter", factory: registry)
                    for round in 0..<rounds {
                        Counter(label: "counter", dimensions: [("i", "\(round % 7)")], factory: registry).increment()
                        FloatingPointCounter(label: "sum", factory: registry).increment(by: 0.25)
                        Timer(label: "timer", factory: registry).recordMilliseconds(round % 2 == 0 ? 125 : 4_000)
                        meter.increment(by: task % 2 == 0 ? 1 : 2)
                        meter.decrement()
                        if round % 500 == 0 { _ = registry.render() }
                    }
                }
            }
        }
        let page = registry.render()
        let total = tasks * rounds
        let counts = page.split(separator: "\n").filter { $0.hasPrefix("counter_total{") }
            .compactMap { Int($0.split(separator: " ")[1]) }
        #expect(counts.count == 7)
        #expect(counts.reduce(0, +) == total)
        #expect(page.contains("\nsum_total \(total / 4)\n"))
        #expect(page.contains("\nmeter \(total / 2)\n"))
        #expect(page.contains("\ntimer_seconds_bucket{le=\"0.1\"} 0\n"))
        #expect(page.contains("\ntimer_seconds_bucket{le=\"0.25\"} \(total / 2)\n"))
        #expect(page.contains("\ntimer_seconds_bucket{le=\"5\"} \(total)\n"))
        #expect(page.contains("\ntimer_seconds_count \(total)\n"))
        #expect(page.contains("\ntimer_seconds_sum \(total / 2 / 8 + total / 2 * 4)\n"))
    }

    @Test("tasks that ask for one series at once all get the same")
    func oneSeries() async {
        let registry = PrometheusRegistry(version: "1")
        let handlers = await withTaskGroup(of: (any TimerHandler).self) { group in
            for _ in 0..<64 { group.addTask { registry.makeTimer(label: "t", dimensions: [("a", "b")]) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(handlers.count == 64)
        #expect(handlers.allSatisfy { $0 === handlers[0] })
    }
}
