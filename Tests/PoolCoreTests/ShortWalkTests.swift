import PoolCore
import SpeechTestSupport
import TestTraits
import Testing

/// Every sequence of events, up to a depth, that can happen to a small pool. The rules are checked after each event.
@Suite(.ownThread) struct ShortWalkTests {
    /// A small pool and how far to follow it.
    struct Plan: CustomTestStringConvertible {
        var title: String
        var declarations: [SlotDeclaration]
        /// The events begin when every instance serves, instead of when the pool starts.
        var isReady: Bool
        /// Whether each job is a continuation.
        var jobs: [Bool]
        /// Whether the instances are on a device that has room for two of them.
        var hasMemory = false
        var depth: Int
        /// Walks that there are at least.
        var atLeast: Int

        var testDescription: String { title }
    }

    @Test(
        "a small pool keeps its rules whatever happens",
        arguments: [
            Plan(
                title: "two instances from their start",
                declarations: [
                    SlotDeclaration(slots: 1, obeysCancel: true), SlotDeclaration(slots: 1, obeysCancel: false),
                ],
                isReady: false,
                jobs: [false],
                depth: 6,
                atLeast: 50_000
            ),
            Plan(
                title: "two instances that serve",
                declarations: [
                    SlotDeclaration(slots: 1, obeysCancel: true), SlotDeclaration(slots: 1, obeysCancel: false),
                ],
                isReady: true,
                jobs: [false, false, true],
                depth: 6,
                atLeast: 100_000
            ),
            Plan(
                title: "one instance with two slots",
                declarations: [SlotDeclaration(slots: 2, obeysCancel: true)],
                isReady: true,
                jobs: [false, false, true],
                depth: 6,
                atLeast: 50_000
            ),
            Plan(
                title: "an elastic engine on a small device",
                declarations: [SlotDeclaration(slots: 1, obeysCancel: true)],
                isReady: true,
                jobs: [false, true],
                hasMemory: true,
                depth: 4,
                atLeast: 10_000
            ),
        ]
    )
    func explore(plan: Plan) throws {
        let devices = plan.declarations.map { _ in "cpu" }
        var configuration = PoolConfiguration(engines: [.init(name: "engine", devices: devices)])
        // The shell of these walks goes on when nothing can be loaded.
        configuration.startLimit = .max
        var simulator = PoolSimulator(configuration: configuration, declarations: plan.declarations)
        if plan.hasMemory { simulator = Self.small(plan.declarations) }
        try simulator.perform(.started)
        while plan.isReady, let event = simulator.possibleEvents.first(where: isStep) { try simulator.perform(event) }

        var counts = Counts()
        try explore(simulator, jobs: plan.jobs[...], depth: plan.depth, &counts)
        print("\(plan.title): \(counts.walks) walks of \(plan.depth) events, \(counts.events) events")
        #expect(counts.walks >= plan.atLeast)
    }

    /// One to four instances of 2 GiB, and 1 GiB more for a job, on a device of 7 GiB, of which 1 GiB is reserved.
    private static func small(_ declarations: [SlotDeclaration]) -> PoolSimulator {
        var configuration = PoolConfiguration.cards(instances: 1...4)
        configuration.startLimit = .max
        configuration.engines[0].largestUnits = 1
        configuration.engines[0].figures["cuda:0"] = EngineFigures(floorBytes: gib(2))
        configuration.engines[0].figures["cuda:0"]?.peakBytes.observe(units: 1, value: Double(gib(1)))
        configuration.memory["cuda:0"] = DeviceMemory(totalBytes: gib(7), usedBytes: 0)
        let engine = PoolSimulator.Memory.Engine(
            sharedBytes: 0,
            ownBytes: gib(2),
            peakBytesPerUnit: gib(1),
            leakBytes: 0,
            keepsCache: true
        )
        let memory = PoolSimulator.Memory(devices: ["cuda:0": .init(totalBytes: gib(7))], engines: [engine])
        return PoolSimulator(configuration: configuration, declarations: declarations, memory: memory)
    }

    /// Whether the event is a step of an instance towards serving.
    private func isStep(_ event: PoolSimulator.Event) -> Bool {
        switch event {
        case .processSpawned, .slotOpened: true
        default: false
        }
    }

    private struct Counts {
        var walks = 0
        var events = 0
    }

    private func explore(_ simulator: PoolSimulator, jobs: ArraySlice<Bool>, depth: Int, _ counts: inout Counts) throws
    {
        var events = simulator.possibleEvents
        if let isContinuation = jobs.first {
            let id = JobID(UInt64(jobs.startIndex + 1))
            events.append(.jobArrived(JobRequest(id: id, engine: 0, tenant: "a", isContinuation: isContinuation)))
        }
        if simulator.memory != nil {
            events += [0, gib(0.5), gib(3)].map { .foreignUseChanged(device: "cuda:0", bytes: $0) }
        }
        if simulator.phase == .serving { events += [.drainRequested, .stopRequested] }
        if simulator.phase == .draining { events.append(.stopRequested) }
        guard depth > 0, !events.isEmpty else {
            counts.walks += 1
            return
        }
        if simulator.memory != nil, simulator.phase != .drained {
            var next = simulator
            try next.perform(.memoryRead(next.readMemory()))
            counts.events += 1
            try explore(next, jobs: jobs, depth: depth - 1, &counts)
        }
        for event in events {
            var next = simulator
            try next.perform(event, after: .milliseconds(10))
            try next.repeatStale(event)
            counts.events += 1
            var left = jobs
            if case .jobArrived = event { left.removeFirst() }
            try explore(next, jobs: left, depth: depth - 1, &counts)
        }
    }
}
