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
    private let predicted: [Metrics.Timer]
    private let silences: [Counter]
    private let silentSeconds: [FloatingPointCounter]

    init(engines: [String]) {
        names = engines
        restarts = engines.map { Counter(label: "chorus_instance_restarts_total", dimensions: [("engine", $0)]) }
        ready = engines.map { Gauge(label: "chorus_instances_ready", dimensions: [("engine", $0)]) }
        waitingJobs = engines.map { Gauge(label: "chorus_queue_jobs", dimensions: [("engine", $0)]) }
        queued = engines.map { Metrics.Timer(label: "chorus_job_queue_seconds", dimensions: [("engine", $0)]) }
        service = engines.map { Metrics.Timer(label: "chorus_job_service_seconds", dimensions: [("engine", $0)]) }
        predicted = engines.map { Metrics.Timer(label: "chorus_job_predicted_seconds", dimensions: [("engine", $0)]) }
        silences = engines.map { Counter(label: "chorus_underruns_total", dimensions: [("engine", $0)]) }
        silentSeconds = engines.map {
            FloatingPointCounter(label: "chorus_underrun_seconds_total", dimensions: [("engine", $0)])
        }
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

    /// Somebody who listens at the speed of speech had nothing to play for so long.
    func listenerWaited(engine: Int, for silence: Duration) {
        guard silence > .zero else { return }
        silences[engine].increment()
        silentSeconds[engine].increment(by: silence / .seconds(1))
    }

    func jobRefused(engine: Int, _ code: SpeechError.Code) {
        count(engine: engine, outcome: code.description)
    }

    func jobEnded(_ work: Work, _ end: JobEnd) {
        let engine = work.engine
        count(engine: engine, outcome: end.word)
        guard let started = work.started else { return }
        queued[engine].recordNanoseconds((started - work.arrived).nanoseconds)
        if end == .completed {
            service[engine].recordNanoseconds((NIODeadline.now() - started).nanoseconds)
            predicted[engine].record(duration: work.predicted)
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
        case .deadlineExceeded: "deadline_exceeded"
        case .shutDown: "shut_down"
        }
    }
}
