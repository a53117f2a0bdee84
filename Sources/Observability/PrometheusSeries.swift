/// One line of numbers: a family's name with one set of labels. Recording never waits for a lock.
protocol PrometheusSeries: AnyObject, Sendable {
    /// The type of the families that such series belong to.
    static var type: MetricType { get }

    /// The family's name as it is exposed.
    var name: String { get }

    /// The labels as they are exposed, such as `a="1",b="2"`; empty when there are none.
    var labels: String { get }

    /// Writes the samples as they are now.
    func write(to page: inout PrometheusPage)
}
