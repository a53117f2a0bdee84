import BenchSupport

/// Ten times what fits, of texts that nobody listens to while they are made: what gets done all the same, how soon the others
/// are told, and what becomes of those who come again when they are told to.
enum Overload {
    private static let units = 20...240
    /// Of audio: 10 ms, of 24,000 samples a second with 16 bits.
    private static let bytesPerUnit = 480
    private static let overload = 10.0
    /// How long the load lasts, in seconds, and what of it is counted. Requests in the first third do not count: until
    /// predictions are proven none can be refused, and their backlog delays the next ones.
    private static let seconds = 12.0
    private static let counted = seconds / 3...seconds
    /// After so many seconds nobody wants an answer, in which time some eight texts of middling length are spoken one after
    /// the other.
    private static let timeout = 3.0
    /// Far more than are ever on their way at once.
    private static let threads = 200
    /// How long the rush lasts after which nobody new comes, in seconds, and how often one asks.
    private static let (rush, tries) = (2.5, 5)

    static func measure(on workbench: Workbench, _ expectation: Expectation) throws -> [Figure] {
        let fitting = try visitors(load: 1, on: workbench, expectation)
        let many = try visitors(load: overload, on: workbench, expectation)
        let patient = try returners(on: workbench, expectation)
        return try goodputFigures(fitting, many, expectation)
            + refusalFigures(many)
            + returnFigures(patient)
            + [
                Figure(
                    name: "overload, answers that are neither audio, nor 503 with Retry-After, nor 504",
                    value: Double((fitting + many + patient).flatMap(\.tries).count { $0.end == .unexpected }),
                    unit: "",
                    target: .atMost(0)
                )
            ]
    }

    // MARK: Who comes

    /// Those who want an answer in time or not at all.
    private static func visitors(
        load: Double,
        on workbench: Workbench,
        _ expectation: Expectation
    ) throws -> [Crowd.Client] {
        let gateway = try workbench.gateway(expectation, order: "deadline")
        let crowd = Crowd(units: units, allUnits: load * fittingUnits(seconds, expectation), seconds: seconds)
        let clients = try crowd.visit(port: gateway.port, threads: threads, timeout: timeout, counted: counted)
        try gateway.stop()
        return clients
    }

    /// Those who come in the rush, and come again. Each is on a thread of his own, because he waits.
    private static func returners(on workbench: Workbench, _ expectation: Expectation) throws -> [Crowd.Client] {
        // As a rush of a minute is to what holds where nothing is said: 60 s and 5 s.
        let queue = [#""max_wait":"\#(Int(rush * 1_000))ms""#, #""target_wait":"\#(Int(rush / 12 * 1_000))ms""#]
        let gateway = try workbench.gateway(expectation, order: "deadline", queue: queue)
        let crowd = Crowd(units: units, allUnits: overload * fittingUnits(rush, expectation), seconds: rush)
        let clients = try crowd.visit(port: gateway.port, threads: .max, tries: tries)
        try gateway.stop()
        return clients
    }

    /// What the workers can speak in a time.
    private static func fittingUnits(_ seconds: Double, _ expectation: Expectation) -> Double {
        seconds * Double(expectation.slots) * 1e6 / Double(expectation.microsecondsPerUnit)
    }

    // MARK: What comes of it

    private static func goodputFigures(
        _ fitting: [Crowd.Client],
        _ many: [Crowd.Client],
        _ expectation: Expectation
    ) -> [Figure] {
        let (few, full) = (goodput(of: fitting, expectation), goodput(of: many, expectation))
        let times = "\(Int(overload)) times what fits"
        let admitted = many.compactMap(\.tries.first).filter { $0.isAdmitted && counted.contains($0.sentAt) }
        let kept = admitted.count { $0.isInTime(timeout) }
        return [
            Figure(name: "overload, goodput at what fits", value: few, unit: ""),
            Figure(name: "overload, goodput at \(times)", value: full, unit: ""),
            Figure(
                name: "overload, goodput at \(times) to that at what fits",
                value: full / few,
                unit: "",
                target: .atLeast(0.95)
            ),
            Figure(name: "overload, admitted", value: Double(admitted.count), unit: ""),
            Figure(
                name: "overload, of the admitted those who were answered in time",
                value: Double(kept) / Double(max(1, admitted.count)),
                unit: "",
                target: .atLeast(0.98)
            ),
        ]
    }

    /// The part of what the workers can do that went into answers in time.
    private static func goodput(of clients: [Crowd.Client], _ expectation: Expectation) -> Double {
        let bytes = clients.flatMap(\.tries).reduce(0) { $0 + ($1.isInTime(timeout) ? $1.bytes : 0) }
        let fitting = fittingUnits(counted.upperBound - counted.lowerBound, expectation)
        return Double(bytes / bytesPerUnit) / fitting
    }

    private static func refusalFigures(_ clients: [Crowd.Client]) throws -> [Figure] {
        let milliseconds = clients.flatMap(\.tries).filter(\.isRefused).map { $0.seconds * 1_000 }
        guard !milliseconds.isEmpty else { throw BenchError("the gateway refused nobody, whatever came") }
        let delays = clients.compactMap { client in client.tries.first.map { ($0.sentAt - client.at) * 1_000 } }
        return [
            Figure(name: "overload, refused", value: Double(milliseconds.count), unit: ""),
            Figure(name: "overload, refusal, median", value: milliseconds.median, unit: "ms"),
            Figure(
                name: "overload, refusal, p99",
                value: milliseconds.percentile(0.99),
                unit: "ms",
                target: .atMost(20)
            ),
            Figure(name: "overload, refusal, the slowest", value: milliseconds.percentile(1), unit: "ms"),
            Figure(name: "overload, how late a client sends, p99", value: delays.percentile(0.99), unit: "ms"),
        ]
    }

    private static func returnFigures(_ clients: [Crowd.Client]) -> [Figure] {
        let name = "rush of \(Int(overload)) times what fits for \(rush) s"
        func share(_ isCounted: (Crowd.Client) -> Bool) -> Double {
            Double(clients.count(where: isCounted)) / Double(clients.count)
        }
        return [
            Figure(
                name: "\(name), spoken at the first try",
                value: share { $0.isSpoken && $0.tries.count == 1 },
                unit: ""
            ),
            Figure(
                name: "\(name), spoken within \(tries) tries",
                value: share(\.isSpoken),
                unit: "",
                target: .atLeast(0.8)
            ),
            Figure(
                name: "\(name), until the last is answered",
                value: clients.flatMap(\.tries).map { $0.sentAt + $0.seconds }.max() ?? 0,
                unit: "s"
            ),
        ]
    }
}

extension Crowd.Try {
    /// Whether it was sent away.
    var isRefused: Bool {
        if case .refused = end { true } else { false }
    }

    fileprivate var isAdmitted: Bool { end == .spoken || end == .late }

    fileprivate func isInTime(_ timeout: Double) -> Bool { end == .spoken && seconds <= timeout }
}
