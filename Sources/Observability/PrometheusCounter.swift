import CoreMetrics
import Synchronization

/// A number that only grows, until `reset`.
final class PrometheusCounter: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    static let type = MetricType.counter

    let name: String
    let labels: String
    private let value = Atomic<Double>(0)

    init(name: String, labels: String) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) {
        increment(by: Double(amount))
    }

    /// Amounts that are negative or not finite would break the promise of a counter and are ignored.
    func increment(by amount: Double) {
        guard amount.isFinite, amount >= 0 else { return }
        value.add(amount)
    }

    func reset() {
        value.store(0, ordering: .relaxed)
    }

    func write(to page: inout PrometheusPage) {
        page.add(name, labels: labels, value.load(ordering: .relaxed))
    }
}
