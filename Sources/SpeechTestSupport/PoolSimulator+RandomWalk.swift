import PoolCore

extension PoolSimulator {
    /// One life of one pool, all of it drawn from a seed: what it is made of, how the world treats it, and its end.
    ///
    /// It is treated badly, left in peace until it is at full strength again, treated badly once more, and drained.
    /// Each seed draws its own weights, so that some lives are all about cancels and others about deaths. In half of
    /// the lives there is memory to run out of.
    package struct RandomWalk {
        /// What came of it, by the names of ends, refusals and actions.
        package private(set) var seen: Set<String> = []
        /// Events that have happened.
        package private(set) var events = 0
        var simulator: PoolSimulator
        var random: SplitMix64
        let weights: [Kind: Int]
        /// How often a process is left out of a reading, 0 to 1.
        let oversight: Double
        var jobsMade: UInt64 = 0
        /// A reading that the pool has not heard yet.
        var pendingReading: MemoryReading?
        /// The longest time between two events.
        private let pace: Duration
        /// News that were told or might have been, to be told again.
        private var old: [Event] = []

        private static let oldLimit = 64
        /// Events within which a pool that is left in peace has to come to rest.
        private static let calmLimit = 10_000

        /// - Parameter seed: decides everything. The same one gives the same walk.
        package init(seed: UInt64) {
            var random = SplitMix64(seed: seed)
            simulator = Self.world(using: &random)
            weights = Self.weights(using: &random)
            pace = [.zero, .milliseconds(10), .milliseconds(200), .seconds(2)].random(using: &random)
            oversight = [0, 0, 0.1, 0.5].random(using: &random)
            self.random = random
        }

        /// Runs the walk to its end.
        /// - Throws: the rule that the pool broke.
        package mutating func run() throws(Violation) {
            try perform(.started)
            try disturb(events: Int.random(in: 0...300, using: &random))
            try calm { $0.jobs.isEmpty && $0.isAtRest }
            try simulator.checkStrength()
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
                    // Who is measured is read before, if it can be.
                    if case .measured = event, Int.random(in: 0..<4, using: &random) > 0 {
                        pendingReading = nil
                        try perform(.memoryRead(simulator.readMemory()), after: wait)
                    }
                    if !simulator.isStale(event) { try perform(event, after: wait) }
                }
                if Int.random(in: 0..<100, using: &random) < weights[.stale, default: 0], !old.isEmpty {
                    try simulator.repeatStale(old.random(using: &random))
                }
            }
        }

        /// All goes well until the condition holds: others leave the devices, what was asked for happens, the memory is
        /// read, and time passes when nothing else can happen. Jobs for which there is no room, even in peace, are
        /// taken back.
        private mutating func calm(until isDone: (PoolSimulator) -> Bool) throws(Violation) {
            for device in simulator.deviceNames { try perform(.foreignUseChanged(device: device, bytes: 0)) }
            if let reading = pendingReading.take() { try perform(.memoryRead(reading)) }
            for _ in 0..<Self.calmLimit {
                let wanted = simulator.possibleEvents.filter(isPeaceful)
                if !wanted.isEmpty {
                    let event = wanted.random(using: &random)
                    if case .measured = event { try perform(.memoryRead(simulator.readMemory())) }
                    try perform(event)
                } else if try readingChangesNothing() {
                    if isDone(simulator) { return }
                    if let timer = simulator.timersInOrder.first {
                        try perform(.timerFired(timer))
                    } else if simulator.isWaitingForTime {
                        try perform(.timePassed, after: simulator.pool.configuration.backoff.longest)
                    } else if let job = simulator.jobs.keys.min(by: { $0.number < $1.number }), simulator.memory != nil
                    {
                        try perform(.jobCancelled(job))
                        seen.insert("stuck")
                    } else {
                        break
                    }
                }
            }
            try simulator.check(isDone(simulator), "a pool that is left in peace comes to rest")
        }

        private mutating func readingChangesNothing() throws(Violation) -> Bool {
            guard simulator.memory != nil, simulator.phase != .drained else { return true }
            let before = events
            try perform(.memoryRead(simulator.readMemory()))
            precondition(events > before)
            return lastActions.allSatisfy { if case .limit = $0 { true } else { false } }
        }

        private var lastActions: [PoolAction] = []

        private mutating func perform(_ event: Event, after wait: Duration = .zero) throws(Violation) {
            let answer = try simulator.perform(event, after: wait)
            events += 1
            lastActions = answer.actions
            if let refusal = answer.refusal { seen.insert(refusal.name) }
            remember(event)
            for action in answer.actions {
                switch action {
                case .end(let job, let end):
                    seen.insert(end.name)
                    remember(.jobCancelled(job))
                case .run(let job, let slot):
                    if let failure = simulator.jobs[job]?.failure {
                        seen.insert(failure.isOutOfMemory ? "retry for memory" : "retry")
                    }
                    remember(.jobEnded(job, slot, .completed, canRestart: false))
                case .interrupt: seen.insert("interrupt")
                case .measure: seen.insert("measure")
                case .limit: seen.insert("limit")
                case .terminate(_, let cause): seen.insert("terminate: \(cause)")
                case .kill: seen.insert("kill")
                case .abort: seen.insert("abort")
                case .ask: seen.insert("ask")
                case .rehearse: seen.insert("rehearse")
                case .reportParked: seen.insert("parked")
                case .reportRolledBack: seen.insert("rolled back")
                case .reportStartFailed: break
                case .drained: seen.insert("drained")
                case .setTimer(let timer, _): remember(.timerFired(timer))
                case .spawn, .open, .release, .readMemory, .cancelTimer: break
                }
            }
        }

        private mutating func remember(_ event: Event) {
            if old.count == Self.oldLimit { old.removeFirst() }
            old.append(event)
        }
    }

    /// The names of the devices that can be read, in order.
    fileprivate var deviceNames: [String] { (memory?.devices ?? [:]).keys.sorted() }
}

extension Array {
    /// One of the elements; there has to be one.
    package func random(using random: inout some RandomNumberGenerator) -> Element {
        self[Int.random(in: indices, using: &random)]
    }
}
