import BenchSupport

/// How much of the workers' time is used when four callers per worker wait in line.
///
/// The workers sleep instead of computing, so that many of them fit on few cores, and an idle one is the gateway's fault.
enum Saturation {
    private static let flags = ["--service-ms", "100"]
    private static let callersPerInstance = 4
    private static let requestsPerCaller = 25
    private static let text = "Hi."

    static func measure(on workbench: Workbench) throws -> [Figure] {
        var figures: [Figure] = []
        for instances in [2, 8, 32] {
            let before = try serviceTimes(on: workbench)
            let throughput = try throughput(on: workbench, instances: instances)
            let serviceTime = (before + (try serviceTimes(on: workbench))).mean
            figures.append(
                Figure(
                    name: "saturation, \(instances) instances",
                    value: throughput / (Double(instances) / serviceTime) * 100,
                    unit: "%",
                    target: .atLeast(99)
                )
            )
        }
        return figures
    }

    /// How long a worker takes for a job when it is asked directly, in seconds.
    private static func serviceTimes(on workbench: Workbench) throws -> [Double] {
        let worker = try workbench.worker(flags: flags)
        let client = try worker.connect()
        let request = WyomingClient.request(text)
        var times: [Double] = []
        for _ in 0..<20 {
            times.append(try time { _ = try client.synthesize(request) }.seconds)
        }
        return times
    }

    /// Jobs per second that the gateway gets out of its instances, in the middle of a run.
    private static func throughput(on workbench: Workbench, instances: Int) throws -> Double {
        let gateway = try workbench.gateway(instances: instances, flags: flags)
        try gateway.waitUntilReady(instances: instances)
        let port = gateway.port
        let request = HTTPClient.request(text, format: "pcm")
        let ends = try inParallel(instances * callersPerInstance) { _ in
            let client = try HTTPClient(port: port)
            var ends: [ContinuousClock.Instant] = []
            for _ in 0..<requestsPerCaller {
                let answer = try client.ask(request)
                guard answer.status == 200 else { throw BenchError("the gateway answered with \(answer.status)") }
                ends.append(.now)
            }
            return ends
        }.joined().sorted()
        try gateway.stop()

        // Without the first rounds, when callers still arrive, and the last, when they leave. Both bounds are multiples of the
        // number of instances, because these end their jobs nearly at the same moment.
        let callers = instances * callersPerInstance
        let first = 2 * callers
        let last = ends.count - callers - instances
        return Double(last - first) / ends[first].duration(to: ends[last]).seconds
    }
}
