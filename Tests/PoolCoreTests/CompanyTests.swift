import PoolCore
import SpeechTestSupport
import Testing

/// Engines that show no progress, and whose instances slow each other down.
@Suite struct CompanyTests {
    /// A pool, and workers that take as long as they take.
    private struct World {
        enum News { case spawned(ProcessID), opened(SlotID), exited(ProcessID) }

        var pool: Pool
        private(set) var now = 0.0
        /// The running jobs, and for how many more seconds each would run if nothing ran beside it.
        private var work: [SlotID: (job: JobID, left: Double)] = [:]
        private var news: [(at: Double, news: News)] = []
        private var timers: [TimerID: Instant] = [:]
        private var random: SplitMix64
        private var jobsMade: UInt64 = 0
        /// How much slower each further job makes all others: at 1 they share what one has alone.
        private let contention: Double
        private let secondsPerUnit: Double
        /// When processes were aborted, in seconds.
        private(set) var aborted: [Double] = []
        private(set) var lost = 0
        private(set) var done = 0
        /// The process that stands still from now on.
        var hung: ProcessID?
        private(set) var hungUntil: Double?

        private static let step = 0.25

        init(instances: Int, contention: Double, secondsPerUnit: Double, seed: UInt64) {
            var configuration = PoolConfiguration.test(instances: instances)
            configuration.maxWait = .seconds(10_000)
            pool = Pool(configuration: configuration, seed: seed)
            (self.contention, self.secondsPerUnit) = (contention, secondsPerUnit)
            random = SplitMix64(seed: seed)
            perform(pool.started(now: moment(0)))
        }

        var running: [ProcessID] { work.keys.map(\.process) }

        mutating func arrive(units: Int) {
            jobsMade += 1
            let request = JobRequest(id: JobID(jobsMade), engine: 0, tenant: "a", units: units, isPlayed: false)
            if case .accepted(let actions) = pool.jobArrived(request, now: moment(now)) { perform(actions) }
        }

        mutating func pass(seconds: Double) {
            let end = now + seconds
            while now < end {
                now += Self.step
                let slowdown = 1 + contention * Double(max(0, work.count - 1))
                for slot in work.keys.sorted(by: { $0.process.instance.index < $1.process.instance.index }) {
                    guard slot.process != hung, var task = work[slot] else { continue }
                    task.left -= Self.step / slowdown
                    work[slot] = task.left > 0 ? task : nil
                    guard task.left <= 0 else { continue }
                    done += 1
                    perform(
                        pool.jobEnded(task.job, on: slot, outcome: .completed, audio: .seconds(1), now: moment(now))
                    )
                }
                for (timer, at) in timers where at <= moment(now) {
                    timers[timer] = nil
                    perform(pool.timerFired(timer, now: moment(now)))
                }
                let due = news.filter { $0.at <= now }
                news.removeAll { $0.at <= now }
                for one in due { tell(one.news) }
                if (now / Self.step).truncatingRemainder(dividingBy: 2) == 0 {
                    perform(pool.timePassed(now: moment(now)))
                }
            }
        }

        private mutating func tell(_ one: News) {
            switch one {
            case .spawned(let process): perform(pool.processSpawned(process, now: moment(now)))
            case .opened(let slot): perform(pool.slotOpened(slot, declared: SlotDeclaration(), now: moment(now)))
            case .exited(let process): perform(pool.processExited(process, now: moment(now)))
            }
        }

        private mutating func perform(_ actions: [PoolAction]) {
            for action in actions {
                switch action {
                case .spawn(let process, _, _, _): news.append((now + 0.5, .spawned(process)))
                case .open(let slot): news.append((now + 1, .opened(slot)))
                case .run(let job, let slot):
                    // The size of a job follows from its number.
                    let units = Double(10 + job.number * 37 % 290)
                    let seconds = (0.2 + units * secondsPerUnit) * Double.random(in: 0.8...1.2, using: &random)
                    work[slot] = (job, seconds)
                case .abort(let process):
                    if process == hung { (hung, hungUntil) = (nil, now) } else { aborted.append(now) }
                    for slot in work.keys.filter({ $0.process == process }) {
                        work[slot] = nil
                        perform(pool.slotClosed(slot, canRestart: true, now: moment(now)))
                    }
                    news.append((now + 0.5, .exited(process)))
                case .ask(let slot): pool.heard(slot, now: moment(now))
                case .end(_, let end): if end != .completed { lost += 1 }
                case .setTimer(let timer, let at): timers[timer] = at
                case .cancelTimer(let timer): timers[timer] = nil
                default: break
                }
            }
        }

        /// A text whose size follows from the number of its job.
        mutating func arrive() { arrive(units: Int(10 + (jobsMade + 1) * 37 % 290)) }
    }

    @Test(
        "none of them is taken to hang under bursts, but for a few before it is known how they slow each other down",
        arguments: [0, 0.3, 1, 2]
    )
    func bursts(contention: Double) {
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let secondsPerUnit = [0.005, 0.05, 0.2].random(using: &random)
            var world = World(instances: 6, contention: contention, secondsPerUnit: secondsPerUnit, seed: seed)
            world.pass(seconds: 5)
            // One warm request, alone.
            world.arrive()
            world.pass(seconds: 100)
            for _ in 0..<10 {
                for _ in 0..<Int.random(in: 1...12, using: &random) { world.arrive() }
                world.pass(seconds: Double.random(in: 1...120, using: &random))
            }
            world.pass(seconds: 600)
            #expect(world.aborted.count <= 3, "seed \(seed): \(world.aborted)")
            #expect(world.lost == 0, "seed \(seed)")
            #expect(world.done > 20)
        }
    }

    @Test("one that does hang is found soon, whatever the others do")
    func hangs() {
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var world = World(instances: 6, contention: 0.3, secondsPerUnit: 0.005, seed: seed)
            world.pass(seconds: 5)
            world.arrive()
            world.pass(seconds: 10)
            for _ in 0..<6 { world.arrive() }
            let began = world.now
            world.hung = world.running.random(using: &random)
            world.pass(seconds: 30)
            #expect(world.hungUntil.map { $0 - began <= 20 } == true, "seed \(seed)")
            #expect(world.aborted.isEmpty && world.lost == 0)
        }
    }
}
