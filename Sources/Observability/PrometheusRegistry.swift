package import CoreMetrics
import Synchronization

/// Keeps the metrics of this process and shows them in Prometheus's text format.
///
/// Names are made fit for the format (`.` becomes `_`) and end as Prometheus wants them: counters in `_total`, timers
/// in `_seconds`. Recorders that aggregate, and timers, are histograms; meters, and recorders that do not, are gauges.
/// A series is made once and found again by its name and dimensions, whatever the order of these.
package final class PrometheusRegistry: MetricsFactory {
    /// How many series there may be. Beyond it new ones are refused, so that a label with endless values cannot eat the
    /// memory.
    package static let seriesLimit = 10_000

    /// The media type of the page.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let state: Mutex<State>
    /// Counts the requests for series that were refused; the callers got a handler that does nothing.
    private let dropped: PrometheusCounter

    /// - Parameters:
    ///   - version: what `chorus_build_info` says.
    ///   - seriesLimit: positive; our own series do not count.
    package init(version: String, seriesLimit: Int = PrometheusRegistry.seriesLimit) {
        var state = State(seriesLimit: seriesLimit)
        dropped = PrometheusCounter(name: "chorus_metrics_dropped_series_total", labels: "")
        let build = PrometheusGauge(name: "chorus_build_info", labels: PrometheusText.labels([("version", version)]))
        build.set(1 as Int64)
        state.insert(dropped)
        state.insert(build)
        state.describe(dropped.name, "Series refused: too many of them, or their name belongs to another type.")
        state.describe(build.name, "Always 1; the label says which version runs.")
        state.reserve(ProcessMetrics.names)
        self.state = Mutex(state)
    }

    /// Says what a metric means, and which buckets it has if it is a histogram. To be said before its first series is
    /// made.
    /// - Parameter name: as it is exposed, ending included.
    package func describe(_ name: String, _ help: String, buckets: PrometheusBuckets = .latency) {
        state.withLock { $0.describe(name, help, buckets: buckets) }
    }

    /// The page: families by name, the series of each by their labels, and what the system knows of this process.
    package func render() -> String {
        let state = state.withLock { $0 }
        var page = PrometheusPage()
        state.write(to: &page)
        ProcessMetrics.current()?.write(to: &page)
        return page.text
    }

    // MARK: MetricsFactory

    /// A counter; a floating-point counter of the same name and dimensions is the same series.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A counter; one made by `makeCounter` of the same name and dimensions is the same series.
    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A histogram, or a gauge if it is not to aggregate.
    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        let handler: (any RecorderHandler)? =
            aggregate ? histogram(PrometheusText.metricName(label), dimensions) : gauge(label, dimensions)
        return handler ?? NOOPMetricsHandler.instance
    }

    /// A histogram of seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(PrometheusText.metricName(label, ending: "_seconds"), dimensions) ?? NOOPMetricsHandler.instance
    }

    /// Takes the series off the page and gives its place free. Who still holds the handler may go on using it, unseen.
    package func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }

    /// As `destroyCounter`.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }

    /// As `destroyCounter`.
    package func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }

    /// As `destroyCounter`.
    package func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }

    /// As `destroyCounter`.
    package func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    // MARK: Series

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> PrometheusCounter? {
        series(PrometheusText.metricName(label, ending: "_total"), dimensions) { name, labels, _ in
            PrometheusCounter(name: name, labels: labels)
        }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge? {
        series(PrometheusText.metricName(label), dimensions) { name, labels, _ in
            PrometheusGauge(name: name, labels: labels)
        }
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> PrometheusHistogram? {
        series(name, dimensions) { PrometheusHistogram(name: $0, labels: $1, bounds: $2) }
    }

    private func series<Series: PrometheusSeries>(
        _ name: String,
        _ dimensions: [(String, String)],
        make: (_ name: String, _ labels: String, PrometheusBuckets) -> Series
    ) -> Series? {
        let labels = PrometheusText.labels(dimensions)
        let series: Series? = state.withLock { state in
            let buckets = state.buckets(of: name)
            return state.series(name, labels) { make(name, labels, buckets) }
        }
        if series == nil { dropped.increment(by: 1 as Int64) }
        return series
    }

    private func destroy(_ handler: AnyObject) {
        guard let series = handler as? any PrometheusSeries else { return }
        state.withLock { $0.remove(series) }
    }
}
