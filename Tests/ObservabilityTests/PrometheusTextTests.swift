import Testing

@testable import Observability

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test(
        "names are made fit for the format",
        arguments: [
            ("http.server.requests", "http_server_requests"), ("ok:name_1", "ok:name_1"), ("1st", "_1st"), ("", "_"),
            ("größe\n", "gr__e_"), ("a b{c=\"1\"}", "a_b_c__1__"),
        ]
    )
    func metricNames(label: String, name: String) {
        #expect(PrometheusText.metricName(label) == name)
    }

    @Test("names end as their kind demands, once")
    func endings() {
        #expect(PrometheusText.metricName("jobs", ending: "_total") == "jobs_total")
        #expect(PrometheusText.metricName("jobs.total", ending: "_total") == "jobs_total")
    }

    @Test(
        "names of labels keep clear of those with a meaning",
        arguments: [
            ("a:b", "a_b"), ("le", "exported_le"), ("__name__", "exported___name__"), ("_x", "_x"), ("9", "_9"),
        ]
    )
    func labelNames(key: String, name: String) {
        #expect(PrometheusText.labelName(key) == name)
    }

    @Test("labels are sorted; empty values are no labels; the last of two values counts")
    func labels() {
        #expect(PrometheusText.labels([("b", "1"), ("a", "2"), ("c", ""), ("b", "3")]) == #"a="2",b="3""#)
        #expect(PrometheusText.labels([("a.b", "1"), ("a_b", "2")]) == #"a_b="2""#)
        #expect(PrometheusText.labels([]) == "")
    }

    @Test(
        "numbers are short and exact",
        arguments: [
            (0, "0"), (-0.0, "0"), (3, "3"), (0.1, "0.1"), (1e-7, "1e-07"), (9_007_199_254_740_992, "9007199254740992"),
            (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }

    @Test("a value belongs to the first bucket whose bound is not below it")
    func buckets() {
        let buckets: PrometheusBuckets = [1, 2]
        #expect([-5, 1, 1.5, 2, 2.5].map(buckets.index) == [0, 0, 1, 1, 2])
    }
}
