import Metrics

/// What is counted of audio that is shared.
struct CacheMetrics: Sendable {
    /// Where audio is kept.
    enum Place: String, CaseIterable {
        case memory, disk
    }

    private let misses = Counter(label: "chorus_cache_misses_total")
    private let coalesced = Counter(label: "chorus_coalesced_total")
    private let hits: [Place: Counter]
    private let bytes: [Place: Meter]

    init() {
        func each<Metric>(_ make: ([(String, String)]) -> Metric) -> [Place: Metric] {
            Dictionary(uniqueKeysWithValues: Place.allCases.map { ($0, make([("where", $0.rawValue)])) })
        }
        hits = each { Counter(label: "chorus_cache_hits_total", dimensions: $0) }
        bytes = each { Meter(label: "chorus_cache_bytes", dimensions: $0) }
    }

    func hit(_ place: Place) { hits[place]?.increment() }

    func missed() { misses.increment() }

    func joined() { coalesced.increment() }

    func holds(_ byteCount: Int, in place: Place) { bytes[place]?.set(byteCount) }
}
