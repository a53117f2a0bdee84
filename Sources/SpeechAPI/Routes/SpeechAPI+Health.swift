import HTTPTypes
import ServiceLifecycle
import SpeechCore

/// What orchestrators ask.
extension SpeechAPI {
    private struct Health: Encodable {
        struct Engine: Encodable {
            var name: String
            /// Instances that serve.
            var ready: Int
            /// Instances that are wanted.
            var instances: Int
            /// Instances that were given up for now because they end again and again.
            var parked: Int
        }

        var status: String
        var engines: [Engine]?
    }

    /// `GET /health/live`: the process works, or else nobody would answer.
    func live() throws -> Page {
        try Page(json: Health(status: "ok"))
    }

    /// `GET /health/ready`: every engine has an instance that serves, and more requests are welcome. It is degraded
    /// while instances are parked.
    func ready() throws -> Page {
        let engines = pool.engines
        let leaving = Task.isShuttingDownGracefully
        let isReady = !leaving && engines.allSatisfy { $0.readyInstances > 0 }
        let isDegraded = engines.contains { $0.parkedInstances > 0 }
        return try Page(
            status: isReady ? .ok : .serviceUnavailable,
            json: Health(
                status: leaving ? "shutting_down" : !isReady ? "not_ready" : isDegraded ? "degraded" : "ready",
                engines: engines.map {
                    Health.Engine(
                        name: $0.name,
                        ready: $0.readyInstances,
                        instances: $0.instances,
                        parked: $0.parkedInstances
                    )
                }
            )
        )
    }
}
