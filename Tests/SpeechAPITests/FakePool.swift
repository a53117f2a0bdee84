import SpeechCore

/// A pool with one engine.
struct FakePool: PoolInspector {
    var ready = 1

    var engines: [EngineStatus] { [EngineStatus(name: "espeak", instances: 1, readyInstances: ready, slots: ready)] }

    func snapshot() async -> PoolSnapshot {
        PoolSnapshot(
            devices: [.init(name: "cpu", instances: 1)],
            engines: [.init(name: "espeak", instances: 1, ready: ready, slots: ready, queued: 0)],
            instances: [
                .init(
                    id: "espeak-0",
                    engine: "espeak",
                    device: "cpu",
                    state: ready > 0 ? "ready" : "loading",
                    slots: 1,
                    restarts: 0,
                    jobsDone: 7,
                    currentJobs: []
                )
            ],
            queue: .init(jobs: 0, maxJobs: 100, predictedWait: nil)
        )
    }
}
