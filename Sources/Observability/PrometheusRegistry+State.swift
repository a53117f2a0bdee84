extension PrometheusRegistry {
    /// Which series there are, and what is known of their families.
    struct State {
        private struct Family {
            let type: MetricType
            var series: [String: any PrometheusSeries] = [:]
        }

        private var families: [String: Family] = [:]
        /// The names of samples that are taken: no two families may show samples of one name.
        private var taken: Set<String> = []
        private var helps: [String: String] = [:]
        private var buckets: [String: PrometheusBuckets] = [:]
        private var freeSeries: Int

        init(seriesLimit: Int) {
            freeSeries = seriesLimit
        }

        /// Keeps families from taking these names.
        mutating func reserve(_ names: [String]) {
            taken.formUnion(names)
        }

        mutating func describe(_ name: String, _ help: String, buckets: PrometheusBuckets = .latency) {
            helps[name] = help
            self.buckets[name] = buckets
        }

        func buckets(of name: String) -> PrometheusBuckets {
            buckets[name] ?? .latency
        }

        /// Finds a series or makes it.
        /// - Returns: `nil` if there are too many, or the name belongs to something of another type.
        mutating func series<Series: PrometheusSeries>(
            _ name: String,
            _ labels: String,
            make: () -> Series
        ) -> Series? {
            if let family = families[name] {
                if let known = family.series[labels] { return known as? Series }
                guard family.type == Series.type else { return nil }
            } else {
                guard Series.type.suffixes.allSatisfy({ !taken.contains(name + $0) }) else { return nil }
            }
            guard freeSeries > 0 else { return nil }
            freeSeries -= 1
            let series = make()
            insert(series)
            return series
        }

        /// Adds a series without asking whether there is room for it.
        mutating func insert<Series: PrometheusSeries>(_ series: Series) {
            families[series.name, default: Family(type: Series.type)].series[series.labels] = series
            taken.formUnion(Series.type.suffixes.map { series.name + $0 })
        }

        /// Forgets a series, and its family with the last one. Nothing happens if it is not here any more.
        mutating func remove(_ series: any PrometheusSeries) {
            guard var family = families[series.name], family.series[series.labels] === series else { return }
            freeSeries += 1
            family.series[series.labels] = nil
            families[series.name] = family.series.isEmpty ? nil : family
            if family.series.isEmpty { taken.subtract(family.type.suffixes.map { series.name + $0 }) }
        }

        func write(to page: inout PrometheusPage) {
            for (name, family) in families.sorted(by: { $0.key < $1.key }) {
                page.begin(name, family.type, help: helps[name])
                for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { series.write(to: &page) }
            }
        }
    }
}
