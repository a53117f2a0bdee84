import CoreMetrics
import Testing

@testable import Observability

@Suite("Prometheus registry")
struct PrometheusRegistryTests {
    let registry = PrometheusRegistry(version: "1.2.3")

    /// The page without what the system says of this process, which differs from run to run.
    func page(of registry: PrometheusRegistry) -> String {
        registry.render().split(separator: "\n")
            .filter { !$0.contains("process_") }
            .map { $0 + "\n" }.joined()
    }

    /// The samples of the page, without our own.
    func samples() -> [String] {
        page(of: registry).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") && !$0.hasPrefix("chorus_build") && !$0.hasPrefix("chorus_metrics") }
    }

    @Test("an empty page has the build and the refused series")
    func emptyPage() {
        #expect(
            page(of: registry) == """
                # HELP chorus_build_info Always 1; the label says which version runs.
                # TYPE chorus_build_info gauge
                chorus_build_info{version="1.2.3"} 1
                # HELP chorus_metrics_dropped_series_total Series refused: too many of them, or their name belongs to \
                another type.
                # TYPE chorus_metrics_dropped_series_total counter
                chorus_metrics_dropped_series_total 0

                """
        )
    }

    @Test("a page with every kind of metric is, to the letter, what Prometheus's own parser has accepted")
    func fullPage() {
        // The expected text was read by prometheus_client.parser of PyPI's prometheus_client 0.26: every family came back
        // with its type, help, labels and values.
        registry.describe("chorus_requests_total", "Requests \\ answered\nby status.")
        registry.describe("rtf", "Seconds of work per second of audio.", buckets: [0.1, 1])
        Counter(label: "chorus.requests", dimensions: [("status", "200"), ("path", "/v1")], factory: registry)
            .increment(by: 3)
        Counter(label: "chorus.requests", dimensions: [("path", "a\\b\"c\nd"), ("le", "x")], factory: registry)
            .increment()
        FloatingPointCounter(label: "audio_seconds", factory: registry).increment(by: 1.5)
        Gauge(label: "ready", dimensions: [("engine", "espeak")], factory: registry).record(2)
        Meter(label: "load", factory: registry).set(-Double.infinity)
        let rtf = Recorder(label: "rtf", dimensions: [("engine", "大")], factory: registry)
        for value in [0.05, 0.1, 0.5, 7] { rtf.record(value) }

        #expect(page(of: registry).hasPrefix(Self.fullPage))
    }

    static let fullPage = #"""
        # TYPE audio_seconds_total counter
        audio_seconds_total 1.5
        # HELP chorus_build_info Always 1; the label says which version runs.
        # TYPE chorus_build_info gauge
        chorus_build_info{version="1.2.3"} 1
        # HELP chorus_metrics_dropped_series_total Series refused: too many of them, or their name belongs to another type.
        # TYPE chorus_metrics_dropped_series_total counter
        chorus_metrics_dropped_series_total 0
        # HELP chorus_requests_total Requests \\ answered\nby status.
        # TYPE chorus_requests_total counter
        chorus_requests_total{exported_le="x",path="a\\b\"c\nd"} 1
        chorus_requests_total{path="/v1",status="200"} 3
        # TYPE load gauge
        load -Inf
        # TYPE ready gauge
        ready{engine="espeak"} 2
        # HELP rtf Seconds of work per second of audio.
        # TYPE rtf histogram
        rtf_bucket{engine="大",le="0.1"} 2
        rtf_bucket{engine="大",le="1"} 3
        rtf_bucket{engine="大",le="+Inf"} 4
        rtf_sum{engine="大"} 7.65
        rtf_count{engine="大"} 4

        """#

    @Test("what the system knows of this process is on the page")
    func processMetrics() {
        let page = registry.render()
        for name in ProcessMetrics.names {
            #expect(page.contains("\n# TYPE \(name) \(name.hasSuffix("_total") ? "counter" : "gauge")\n\(name) "))
        }
    }

    @Test("timers are histograms of seconds with cumulative buckets")
    func timers() {
        let timer = Timer(label: "chorus.wait", factory: registry)
        for milliseconds in [1, 2, 250, 90_000] { timer.recordMilliseconds(milliseconds) }
        #expect(
            samples() == [
                #"chorus_wait_seconds_bucket{le="0.001"} 1"#, #"chorus_wait_seconds_bucket{le="0.0025"} 2"#,
                #"chorus_wait_seconds_bucket{le="0.005"} 2"#, #"chorus_wait_seconds_bucket{le="0.01"} 2"#,
                #"chorus_wait_seconds_bucket{le="0.025"} 2"#, #"chorus_wait_seconds_bucket{le="0.05"} 2"#,
                #"chorus_wait_seconds_bucket{le="0.1"} 2"#, #"chorus_wait_seconds_bucket{le="0.25"} 3"#,
                #"chorus_wait_seconds_bucket{le="0.5"} 3"#, #"chorus_wait_seconds_bucket{le="1"} 3"#,
                #"chorus_wait_seconds_bucket{le="2.5"} 3"#, #"chorus_wait_seconds_bucket{le="5"} 3"#,
                #"chorus_wait_seconds_bucket{le="10"} 3"#, #"chorus_wait_seconds_bucket{le="30"} 3"#,
                #"chorus_wait_seconds_bucket{le="60"} 3"#, #"chorus_wait_seconds_bucket{le="+Inf"} 4"#,
                "chorus_wait_seconds_sum 90.253", "chorus_wait_seconds_count 4",
            ]
        )
    }

    @Test("the same name and dimensions, in any order, give the same handler")
    func sameSeries() {
        let one = registry.makeCounter(label: "c", dimensions: [("a", "1"), ("b", "2")])
        #expect(one === registry.makeCounter(label: "c_total", dimensions: [("b", "2"), ("a", "1"), ("empty", "")]))
        #expect(one === registry.makeFloatingPointCounter(label: "c", dimensions: [("a", "1"), ("b", "2")]))
        #expect(one !== registry.makeCounter(label: "c", dimensions: [("a", "1")]))

        let gauge = registry.makeMeter(label: "g", dimensions: [])
        #expect(gauge === registry.makeRecorder(label: "g", dimensions: [], aggregate: false))
        let timer = registry.makeTimer(label: "t", dimensions: [])
        #expect(timer === registry.makeRecorder(label: "t_seconds", dimensions: [], aggregate: true))
    }

    @Test("a name that belongs to another type is refused and the page stays sound", arguments: [true, false])
    func nameConflict(histogramFirst: Bool) {
        let makers: [(PrometheusRegistry) -> Void] = [
            { Recorder(label: "x_total", factory: $0).record(1) },
            { Counter(label: "x", factory: $0).increment() },
            { Meter(label: "x_total", factory: $0).set(5) },
            { Meter(label: "x_total_sum", factory: $0).set(5) },
        ]
        for make in histogramFirst ? makers : Array(makers[1...] + makers[...0]) { make(registry) }
        let page = page(of: registry)
        if histogramFirst {
            #expect(page.contains("# TYPE x_total histogram\n"))
            #expect(page.contains("\nchorus_metrics_dropped_series_total 3\n"))
        } else {
            #expect(page.contains("# TYPE x_total counter\nx_total 1\n"))
            #expect(page.contains("# TYPE x_total_sum gauge\nx_total_sum 5\n"))
            #expect(page.contains("\nchorus_metrics_dropped_series_total 2\n"))
        }
        let names = page.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(Set(names).count == names.count)
    }

    @Test("names that the process metrics have are theirs")
    func reservedNames() {
        Meter(label: "process_open_fds", factory: registry).set(-7)
        #expect(!registry.render().contains("process_open_fds -7"))
        #expect(registry.render().contains("chorus_metrics_dropped_series_total 1\n"))
    }

    @Test("beyond the limit series are refused, counted and cost nothing")
    func seriesLimit() {
        let registry = PrometheusRegistry(version: "1", seriesLimit: 3)
        let counters = (0..<10).map { Counter(label: "c", dimensions: [("i", "\($0)")], factory: registry) }
        for counter in counters { counter.increment() }
        Timer(label: "t", factory: registry).recordSeconds(1)
        let page = page(of: registry)
        #expect(page.split(separator: "\n").filter { $0.hasPrefix("c_total{") }.count == 3)
        #expect(page.contains("chorus_metrics_dropped_series_total 8\n"))
        #expect(!page.contains("t_seconds"))

        #expect(registry.makeCounter(label: "c", dimensions: [("i", "0")]) is PrometheusCounter, "known ones stay")
        counters[0].destroy()
        #expect(registry.makeCounter(label: "c", dimensions: [("i", "9")]) is PrometheusCounter, "there is room again")
    }

    @Test("a destroyed series leaves the page, and its name is free again with the last one")
    func destroy() {
        let one = Counter(label: "c", dimensions: [("a", "1")], factory: registry)
        let two = Counter(label: "c", dimensions: [("a", "2")], factory: registry)
        let timer = Timer(label: "t", factory: registry)
        let meter = Meter(label: "m", factory: registry)
        let recorder = Recorder(label: "r", factory: registry)
        let floating = FloatingPointCounter(label: "f", factory: registry)
        one.destroy()
        one.destroy()
        #expect(samples().first == #"c_total{a="2"} 0"#)
        two.destroy()
        timer.destroy()
        meter.destroy()
        recorder.destroy()
        floating.destroy()
        #expect(samples().isEmpty)
        Meter(label: "c_total", factory: registry).set(1)
        #expect(samples() == ["c_total 1"])
    }

    @Test("counters only grow; gauges may show anything; histograms take what can be summed")
    func oddValues() {
        let counter = Counter(label: "c", factory: registry)
        counter.increment(by: 2)
        counter.increment(by: -1)
        let floating = FloatingPointCounter(label: "c", factory: registry)
        for amount: Double in [0.5, -1, .nan, .infinity] { floating.increment(by: amount) }
        Gauge(label: "g", factory: registry).record(Double.nan)
        let recorder = Recorder(label: "r", factory: registry)
        for value: Double in [-1, .nan, .infinity, -.infinity] { recorder.record(value) }
        #expect(samples().filter { !$0.contains("bucket") } == ["c_total 2.5", "g NaN", "r_sum -1", "r_count 1"])
        counter.reset()
        #expect(samples().first == "c_total 0")
    }

    @Test("meters go up and down")
    func meters() {
        let meter = Meter(label: "m", factory: registry)
        meter.set(10)
        meter.increment()
        meter.decrement(by: 2.5)
        #expect(samples() == ["m 8.5"])
    }
}
