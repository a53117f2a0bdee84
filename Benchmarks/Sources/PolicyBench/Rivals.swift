import BenchSupport

/// Two tenants who both want more than there is: what share the one with the greater weight, and the longer texts, gets.
enum Rivals {
    /// A tenant, and how to show who one is: the hash is that of the key.
    private struct Tenant {
        let name: String
        let key: String
        let hash: String
        let units: ClosedRange<Int>
    }

    private static let short = Tenant(
        name: "short",
        key: "short",
        hash: "sha256:f9b0078b5df596d2ea19010c001bbd009e651de2c57e8fb7e355f31eb9d3f739",
        units: 20...60
    )
    private static let long = Tenant(
        name: "long",
        key: "long",
        hash: "sha256:fc66f021c67d064c1490a12b5a4d4d2f5167ca692a16ca12f1f3a4cda29a6fa9",
        units: 400...1_200
    )

    /// The time is over.
    private struct Over: Error {}

    static func measure(on workbench: Workbench, _ expectation: Expectation) throws -> [Figure] {
        let rivals = expectation.rivals
        let keys = [(short, 1.0), (long, rivals.weight)].map { tenant, weight in
            #"{"name":"\#(tenant.name)","hash":"\#(tenant.hash)","weight":\#(weight)}"#
        }
        let gateway = try workbench.gateway(
            expectation,
            order: "deadline",
            settings: [#""keys":[\#(keys.joined(separator: ","))]"#],
            key: short.key
        )
        let port = gateway.port
        let start = ContinuousClock.now
        let bytes = try inParallel(rivals.shortClients + rivals.longClients) { index in
            let tenant = index < rivals.shortClients ? short : long
            let counted = start + .seconds(rivals.seconds / 10)..<start + .seconds(rivals.seconds)
            return (tenant.name, try heard(tenant, port: port, counted))
        }
        try gateway.stop()
        let ofLong = bytes.reduce(0) { $0 + ($1.0 == long.name ? $1.1 : 0) }
        let share = Double(ofLong) / Double(bytes.reduce(0) { $0 + $1.1 })
        let due = rivals.weight / (rivals.weight + 1)
        return Figure.pair(
            "two tenants 1:\(Int(rivals.weight)), share of the greater",
            measured: share,
            simulated: rivals.share["deadline"] ?? 0,
            unit: ""
        ) + [
            Figure(
                name: "two tenants 1:\(Int(rivals.weight)), off what is due",
                value: abs(share / due - 1) * 100,
                unit: "%",
                target: .atMost(5)
            )
        ]
    }

    /// Asks for one text after the other.
    /// - Returns: the bytes that came within some time; it ends with it.
    private static func heard(
        _ tenant: Tenant,
        port: UInt16,
        _ counted: Range<ContinuousClock.Instant>
    ) throws -> Int {
        let client = try HTTPClient(port: port)
        var bytes = 0
        do {
            while true {
                let text = SpokenText.make(units: Int.random(in: tenant.units))
                let answer = try client.ask(HTTPClient.request(text, format: "pcm", key: tenant.key)) { count in
                    let now = ContinuousClock.now
                    if now >= counted.upperBound { throw Over() }
                    if now >= counted.lowerBound { bytes += count }
                }
                guard answer.status == 200 else { throw BenchError("the gateway answered with \(answer.status)") }
            }
        } catch is Over {
            return bytes
        }
    }
}
