import CoreMetrics
import Synchronization

/// A number that goes up and down: a meter, or a recorder that does not aggregate.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
    static let type = MetricType.gauge

    let name: String
    let labels: String
    private let value = Atomic<Double>(0)

    init(name: String, labels: String) {
        self.name = name
        self.labels = labels
    }

    func set(_ value: Int64) {
        set(Double(value))
    }

    func set(_ value: Double) {
        self.value.store(value, ordering: .relaxed)
    }

    func record(_ value: Int64) {
        set(Double(value))
    }

    func record(_ value: Double) {
        set(value)
    }

    func increment(by amount: Double) {
        value.add(amount)
    }

    func decrement(by amount: Double) {
        value.add(-amount)
    }

    func write(to page: inout PrometheusPage) {
        page.add(name, labels: labels, value.load(ordering: .relaxed))
    }
}
