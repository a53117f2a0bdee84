import PoolCore

extension PoolSimulator {
    /// One life of one pool, all of it drawn from a seed: what it is made of, how the world treats it, and its end.
    ///
    /// It is treated badly, left in peace until it is at full strength again, treated badly once more, and drained.
    /// Each seed draws its own weights, so that some lives are all about cancels and others about deaths.
    package struct RandomWalk {
        /// What came of it, by the names of ends, refusals and actions.
        package private(set) var seen: Set<String> = []
        /// Events that have happened.
        package private(set) var events = 0
        private var simulator: PoolSimulator
        private var random: SplitMix64
        private let weights: [Kind: Int]
        /// The longest time between two events.
        private let pace: Duration
        private var jobsMade: UInt64 = 0
        /// News that were told or might have been, to be told again.
        private var old: [Event] = []

        private static let oldLimit = 64
        /// Events within which a pool that is left in peace has to come to rest.
        private static let calmLimit = 10_000

        /// What the world does, for the weights.
        private enum Kind: CaseIterable {
            case arrival, continuation, cancel, stale, timer, lateTimer
            case spawn, spawnFailure, open, complete, fail, obey, lose, death, news
        }

        /// - Parameter seed: decides everything. The same one gives the same walk.
        package init(seed: UInt64) {
            var random = SplitMix64(seed: seed)
            simulator = Self.pool(using: &random)
            weights = Self.weights(using: &random)
            pace = [.zero, .milliseconds(10), .milliseconds(200), .seconds(2)].random(using: &random)
            self.random = random
        }

        /// Runs the walk to its end.
        /// - Throws: the rule that the pool broke.
        package mutating func run() throws(Violation) {
            try perform(.started)
            try disturb(events: Int.random(in: 0...300, using: &random))
            try calm { $0.isAtFullStrength }
            try disturb(events: Int.random(in: 0...100, using: &random))
            if Int.random(in: 0..<10, using: &random) > 0 { try perform(.drainRequested) }
            try disturb(events: Int.random(in: 0...60, using: &random))
            if simulator.phase == .serving || Bool.random(using: &random) { try perform(.stopRequested) }
            try disturb(events: Int.random(in: 0...20, using: &random))
            try calm { $0.phase == .drained }
            try simulator.check(simulator.timers.isEmpty, "a drained pool has no timer")
            try disturb(events: 10)
        }

        private mutating func disturb(events: Int) throws(Violation) {
            for _ in 0..<events {
                let wait = pace * Double.random(in: 0..<1, using: &random)
                if let timer = simulator.timersInOrder.first, let due = simulator.timers[timer],
                    due <= simulator.now.advanced(by: wait), Int.random(in: 0..<10, using: &random) > 0
                {
                    try perform(.timerFired(timer))
                } else if let event = nextEvent() {
                    try perform(event, after: wait)
                }
                if Int.random(in: 0..<100, using: &random) < weights[.stale, default: 0], !old.isEmpty {
                    try simulator.repeatStale(old.random(using: &random))
                }
            }
        }

        /// All goes well until the condition holds: what was asked for happens, and time passes when nothing else can.
        private mutating func calm(until isDone: (PoolSimulator) -> Bool) throws(Violation) {
            for _ in 0..<Self.calmLimit {
                if isDone(simulator) { return }
                let wanted = simulator.possibleEvents.filter(isPeaceful)
                if !wanted.isEmpty {
                    try perform(wanted.random(using: &random))
                } else if let timer = simulator.timersInOrder.first {
                    try perform(.timerFired(timer))
                } else {
                    break
                }
            }
            try simulator.check(isDone(simulator), "a pool that is left in peace comes to rest")
        }

        private mutating func perform(_ event: Event, after wait: Duration = .zero) throws(Violation) {
            let answer = try simulator.perform(event, after: wait)
            events += 1
            if let refusal = answer.refusal { seen.insert(refusal.name) }
            remember(event)
            for action in answer.actions {
                switch action {
                case .end(let job, let end):
                    seen.insert(end.name)
                    remember(.jobCancelled(job))
                case .run(let job, let slot):
                    if simulator.jobs[job]?.failure != nil { seen.insert("retry") }
                    remember(.jobEnded(job, slot, completed: true))
                case .interrupt: seen.insert("interrupt")
                case .terminate: seen.insert("terminate")
                case .kill: seen.insert("kill")
                case .drained: seen.insert("drained")
                case .setTimer(let timer, _): remember(.timerFired(timer))
                case .spawn, .open, .cancelTimer: break
                }
            }
        }

        private mutating func remember(_ event: Event) {
            if old.count == Self.oldLimit { old.removeFirst() }
            old.append(event)
        }

        private mutating func nextEvent() -> Event? {
            var events = simulator.possibleEvents.map { (kind: kind(of: $0), event: $0) }
            events.append((.arrival, .jobArrived(nextJob(isContinuation: false))))
            events.append((.continuation, .jobArrived(nextJob(isContinuation: true))))
            let total = events.reduce(0) { $0 + weights[$1.kind, default: 0] }
            guard total > 0 else { return nil }
            var point = Int.random(in: 0..<total, using: &random)
            for (kind, event) in events {
                point -= weights[kind, default: 0]
                if point < 0 { return event }
            }
            return nil
        }

        private mutating func nextJob(isContinuation: Bool) -> JobRequest {
            jobsMade += 1
            return JobRequest(
                id: JobID(jobsMade),
                engine: Int.random(in: simulator.pool.configuration.engines.indices, using: &random),
                tenant: ["a", "b", "c"].random(using: &random),
                isContinuation: isContinuation
            )
        }

        private func kind(of event: Event) -> Kind {
            switch event {
            case .started: .spawn
            case .jobArrived, .drainRequested, .stopRequested: .arrival
            case .jobCancelled: .cancel
            case .processSpawned: .spawn
            case .processDied(let process): simulator[process]?.orders == Process.Orders.none ? .death : .obey
            case .processExited(let process): simulator[process]?.life == .spawning ? .spawnFailure : .news
            case .slotOpened: .open
            case .slotClosed(let slot, _): simulator[slot.process]?.life == .dead ? .news : .lose
            case .jobEnded(_, let slot, let completed):
                if case .interrupted? = simulator[slot] { .obey } else { completed ? .complete : .fail }
            case .timerFired(let timer): simulator.timersInOrder.first == timer ? .timer : .lateTimer
            }
        }

        private func isPeaceful(_ event: Event) -> Bool {
            switch kind(of: event) {
            case .spawn, .open, .complete, .obey, .news: true
            case .arrival, .continuation, .cancel, .stale, .timer, .lateTimer, .spawnFailure, .fail, .lose, .death:
                false
            }
        }

        private static func weights(using random: inout SplitMix64) -> [Kind: Int] {
            var weights: [Kind: Int] = [:]
            for kind in Kind.allCases {
                switch kind {
                case .arrival, .spawn, .open, .complete, .obey, .news:
                    weights[kind] = [5, 20, 80].random(using: &random)
                case .continuation, .cancel, .stale, .timer, .lateTimer, .spawnFailure, .fail, .lose, .death:
                    weights[kind] = [0, 1, 2, 20].random(using: &random)
                }
            }
            return weights
        }

        private static func pool(using random: inout SplitMix64) -> PoolSimulator {
            let engines = (0..<Int.random(in: 1...2, using: &random)).map { index in
                PoolConfiguration.Engine(
                    name: "engine-\(index)",
                    devices: Array(repeating: "cpu", count: Int.random(in: 1...3, using: &random)),
                    loadTimeout: .seconds(Int.random(in: 1...10, using: &random))
                )
            }
            var configuration = PoolConfiguration(engines: engines)
            configuration.maxJobs = Int.random(in: 1...12, using: &random)
            configuration.maxJobsPerTenant = Int.random(in: 1...8, using: &random)
            configuration.maxWait = .seconds(Int.random(in: 1...20, using: &random))
            configuration.drainTimeout = .seconds(Int.random(in: 1...30, using: &random))
            let declarations = engines.flatMap(\.devices).map { _ in
                SlotDeclaration(
                    slots: Int.random(in: 1...3, using: &random),
                    obeysCancel: Bool.random(using: &random)
                )
            }
            return PoolSimulator(configuration: configuration, declarations: declarations, seed: random.next())
        }
    }
}

extension Array {
    /// One of the elements; there has to be one.
    fileprivate func random(using random: inout SplitMix64) -> Element {
        self[Int.random(in: indices, using: &random)]
    }
}
