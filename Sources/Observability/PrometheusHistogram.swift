import CoreMetrics
import Synchronization

/// How often values fell between bounds: a recorder that aggregates, or a timer, whose values are exposed in seconds.
final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
    static let type = MetricType.histogram

    let name: String
    let labels: String
    private let bounds: PrometheusBuckets
    /// How many values each bucket got for itself; summed up only when the page is written.
    /// As many as `PrometheusBuckets.limit` and the one without a bound, in place, so that no bucket is an object.
    private let counts = InlineArray<16, Atomic<Int>> { _ in Atomic(0) }
    private let sum = Atomic<Double>(0)

    init(name: String, labels: String, bounds: PrometheusBuckets) {
        self.name = name
        self.labels = labels
        self.bounds = bounds
    }

    func record(_ value: Int64) {
        record(Double(value))
    }

    /// Values that are not finite would spoil the sum for good and are ignored.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        counts[bounds.index(of: value)].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1_000_000_000)
    }

    func write(to page: inout PrometheusPage) {
        let separator = labels.isEmpty ? "" : ","
        var count = 0
        for index in 0...bounds.values.count {
            count += counts[index].load(ordering: .relaxed)
            let bound = index < bounds.values.count ? bounds.values[index] : .infinity
            let labels = "\(labels)\(separator)le=\"\(PrometheusText.number(bound))\""
            page.add(name, suffix: "_bucket", labels: labels, Double(count))
        }
        page.add(name, suffix: "_sum", labels: labels, sum.load(ordering: .relaxed))
        page.add(name, suffix: "_count", labels: labels, Double(count))
    }
}
