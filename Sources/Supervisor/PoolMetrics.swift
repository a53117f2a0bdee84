import Metrics
import NIOCore
import PoolCore
import SpeechCore

/// What a supervisor counts. Labels are engines and outcomes, both few.
struct PoolMetrics: Sendable {
    /// Processes that ended and are replaced, by engine.
    let restarts: [Counter]
    private let names: [String]
    private let ready: [Gauge]
    private let waitingJobs: [Gauge]
    private let queued: [Metrics.Timer]
    private let service: [Metrics.Timer]

    init(engines: [String]) {
        names = engines
        restarts = engines.map { Counter(label: "chorus_instance_restarts_total", dimensions: [("engine", $0)]) }
        ready = engines.map { Gauge(label: "chorus_instances_ready", dimensions: [("engine", $0)]) }
        waitingJobs = engines.map { Gauge(label: "chorus_queue_jobs", dimensions: [("engine", $0)]) }
        queued = engines.map { Metrics.Timer(label: "chorus_job_queue_seconds", dimensions: [("engine", $0)]) }
        service = engines.map { Metrics.Timer(label: "chorus_job_service_seconds", dimensions: [("engine", $0)]) }
    }

    /// Tells how full the devices are, as the pool's ledgers have it.
    func memory(_ pool: Pool) {
        for (index, device) in pool.devices.enumerated() {
            guard let ledger = pool.ledger(of: index) else { continue }
            let kinds = [
                ("total", ledger.capacityBytes), ("foreign", ledger.foreignBytes), ("charged", ledger.chargedBytes),
                ("reserve", ledger.reserveBytes),
            ]
            for (kind, bytes) in kinds {
                Gauge(label: "chorus_device_memory_bytes", dimensions: [("device", device.name), ("kind", kind)])
                    .record(bytes)
            }
        }
    }

    /// An instance was ended though the pool goes on.
    func retired(engine: Int, _ cause: PoolAction.Cause) {
        let word =
            switch cause {
            case .poolEnds: "pool_ends"
            case .roomNeeded: "room_needed"
            case .overBudget: "over_budget"
            case .memoryCreeps: "memory_creeps"
            }
        Counter(label: "chorus_instances_retired_total", dimensions: [("engine", names[engine]), ("cause", word)])
            .increment()
    }

    func waiting(_ pool: Pool) {
        for engine in waitingJobs.indices { waitingJobs[engine].record(pool.waitingJobs(engine: engine)) }
    }

    func instances(_ engines: [EngineStatus]) {
        for (engine, status) in engines.enumerated() { ready[engine].record(status.readyInstances) }
    }

    func jobRefused(engine: Int, _ code: SpeechError.Code) {
        count(engine: engine, outcome: code.description)
    }

    func jobEnded(_ work: Work, _ end: JobEnd) {
        let engine = work.engine
        count(engine: engine, outcome: end.word)
        if let waited = work.audio?.timing.queued { queued[engine].record(duration: waited) }
        if let started = work.started, end == .completed {
            service[engine].recordNanoseconds((NIODeadline.now() - started).nanoseconds)
        }
    }

    private func count(engine: Int, outcome: String) {
        Counter(label: "chorus_jobs_total", dimensions: [("engine", names[engine]), ("outcome", outcome)]).increment()
    }
}

extension JobEnd {
    fileprivate var word: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .instanceLost: "instance_lost"
        case .waitedTooLong: "waited_too_long"
        case .tooLarge: "too_large"
        case .shed: "shed"
        case .cancelled: "cancelled"
        case .shutDown: "shut_down"
        }
    }
}
