import Metrics
import NIOCore
import PoolCore
import SpeechCore

/// What a supervisor counts. Labels are engines and outcomes, both few.
struct PoolMetrics: Sendable {
    /// What is counted of one engine.
    private struct Engine: Sendable {
        let name: String
        let restarts: Counter
        let ready: Gauge
        let waitingJobs: Gauge
        let queued: Metrics.Timer
        let service: Metrics.Timer
        let predicted: Metrics.Timer
        let silences: Counter
        let silentSeconds: FloatingPointCounter
        /// How jobs ended, by the word for it, as far as any did. Finding one among all series takes longer.
        var outcomes: [String: Counter] = [:]

        init(name: String) {
            self.name = name
            let labels = [("engine", name)]
            restarts = Counter(label: "chorus_instance_restarts_total", dimensions: labels)
            ready = Gauge(label: "chorus_instances_ready", dimensions: labels)
            waitingJobs = Gauge(label: "chorus_queue_jobs", dimensions: labels)
            queued = Metrics.Timer(label: "chorus_job_queue_seconds", dimensions: labels)
            service = Metrics.Timer(label: "chorus_job_service_seconds", dimensions: labels)
            predicted = Metrics.Timer(label: "chorus_job_predicted_seconds", dimensions: labels)
            silences = Counter(label: "chorus_underruns_total", dimensions: labels)
            silentSeconds = FloatingPointCounter(label: "chorus_underrun_seconds_total", dimensions: labels)
        }
    }

    /// By their indices in the pool.
    private var engines: [Engine]

    init(engines: [String]) {
        self.engines = engines.map { Engine(name: $0) }
    }

    /// There is one more engine.
    mutating func add(engine name: String) { engines.append(Engine(name: name)) }

    /// A process has ended that is replaced.
    func restarted(engine: Int) { engines[engine].restarts.increment() }

    /// A job is made again, because of this.
    func rerun(engine: Int, because reason: RerunReason) {
        Counter(
            label: "chorus_job_reruns_total",
            dimensions: [("engine", engines[engine].name), ("reason", reason.rawValue)]
        ).increment()
    }

    /// Why a job is made again.
    enum RerunReason: String {
        case instanceLost = "instance_lost"
        case outOfMemory = "out_of_memory"
        case badAudio = "bad_audio"
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
            case .recycled: "recycled"
            case .replaced: "replaced"
            case .badAudio: "bad_audio"
            case .notWanted: "not_wanted"
            case .asked: "asked"
            }
        Counter(
            label: "chorus_instances_retired_total",
            dimensions: [("engine", engines[engine].name), ("cause", word)]
        )
        .increment()
    }

    func waiting(_ jobs: Int, engine: Int) { engines[engine].waitingJobs.record(jobs) }

    func instances(_ pool: Pool) {
        for (index, engine) in engines.enumerated() {
            engine.ready.record(pool.instances.count { $0.engine == index && $0.isReady })
        }
    }

    /// Somebody who listens at the speed of speech had nothing to play for so long.
    func listenerWaited(engine: Int, for silence: Duration) {
        guard silence > .zero else { return }
        engines[engine].silences.increment()
        engines[engine].silentSeconds.increment(by: silence / .seconds(1))
    }

    mutating func jobRefused(engine: Int, _ error: SpeechError) {
        count(engine: engine, outcome: error.reason ?? error.code.description)
    }

    mutating func jobEnded(_ work: Work, _ end: JobEnd) {
        let engine = work.engine
        count(engine: engine, outcome: end.word)
        guard let started = work.started else { return }
        engines[engine].queued.recordNanoseconds((started - work.arrived).nanoseconds)
        if end == .completed {
            engines[engine].service.recordNanoseconds((NIODeadline.now() - started).nanoseconds)
            engines[engine].predicted.record(duration: work.predicted)
        }
    }

    private mutating func count(engine: Int, outcome: String) {
        let counter =
            engines[engine].outcomes[outcome]
            ?? Counter(
                label: "chorus_jobs_total",
                dimensions: [("engine", engines[engine].name), ("outcome", outcome)]
            )
        engines[engine].outcomes[outcome] = counter
        counter.increment()
    }
}

extension JobEnd {
    fileprivate var word: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .instanceLost: "instance_lost"
        case .quarantined: "quarantined"
        case .unavailable: "unavailable"
        case .waitedTooLong: "waited_too_long"
        case .tooLarge: "too_large"
        case .shed: "shed"
        case .cancelled: "cancelled"
        case .deadlineExceeded: "deadline_exceeded"
        case .shutDown: "shut_down"
        }
    }
}
