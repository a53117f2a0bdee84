import PoolCore

extension PoolSimulator.RandomWalk {
    /// What the world does, for the weights.
    enum Kind: CaseIterable {
        case arrival, continuation, cancel, stale, timer, lateTimer
        case spawn, spawnFailure, open, complete, fail, obey, lose, death, news
        case audio, streamEnd
        case outOfMemory, measured, reading, foreignUse, release
        case sign, time, restart, redefinition, doubt, badSample
    }

    static func weights(using random: inout SplitMix64) -> [Kind: Int] {
        var weights: [Kind: Int] = [:]
        for kind in Kind.allCases {
            switch kind {
            case .arrival, .spawn, .open, .complete, .obey, .news, .measured, .reading, .audio, .sign, .time:
                weights[kind] = [5, 20, 80].random(using: &random)
            case .continuation, .streamEnd, .cancel, .stale, .timer, .lateTimer, .spawnFailure, .fail, .lose, .death,
                .outOfMemory, .release, .restart, .redefinition, .doubt, .badSample:
                weights[kind] = [0, 1, 2, 20].random(using: &random)
            case .foreignUse:
                weights[kind] = [1, 5, 20].random(using: &random)
            }
        }
        return weights
    }

    mutating func nextEvent() -> PoolSimulator.Event? {
        var events: [(kind: Kind, event: PoolSimulator.Event?)] = simulator.possibleEvents.map { (kind(of: $0), $0) }
        events += [(.arrival, nil), (.continuation, nil)]
        events += [(.time, nil), (.restart, nil), (.redefinition, nil)]
        if jobsMade > 0 { events += [(.audio, nil), (.streamEnd, nil)] }
        if simulator.memory != nil { events += [(.reading, nil), (.foreignUse, nil)] }
        let total = events.reduce(0) { $0 + weights[$1.kind, default: 0] }
        guard total > 0 else { return nil }
        var point = Int.random(in: 0..<total, using: &random)
        for (kind, event) in events {
            point -= weights[kind, default: 0]
            if point < 0 { return event ?? newEvent(of: kind) }
        }
        return nil
    }

    private mutating func newEvent(of kind: Kind) -> PoolSimulator.Event? {
        switch kind {
        case .reading: nextReading().map { .memoryRead($0) }
        case .time: .timePassed
        case .restart: .restartRequested(simulator.pool.instances.map(\.id).random(using: &random))
        case .redefinition: nextRedefinition()
        case .foreignUse: nextForeignUse()
        case .audio:
            .audioArrived(
                JobID(UInt64.random(in: max(jobsMade, 8) - 7...jobsMade, using: &random)),
                .milliseconds(Int.random(in: 1...5_000, using: &random))
            )
        case .streamEnd: .streamEnded(StreamID(UInt64.random(in: 0..<Self.streams, using: &random)))
        default: .jobArrived(nextJob(isContinuation: kind == .continuation))
        }
    }

    /// Texts of each engine that come again and again.
    private static let texts: UInt64 = 3
    /// Utterances of several jobs that there are at once.
    private static let streams: UInt64 = 3

    private mutating func nextJob(isContinuation: Bool) -> JobRequest {
        jobsMade += 1
        let isStream = isContinuation || Bool.random(using: &random)
        let deadline = Int.random(in: 0..<4, using: &random) == 0 ? Double.random(in: 0...20, using: &random) : nil
        let engine = Int.random(in: simulator.pool.configuration.engines.indices, using: &random)
        let text = UInt64.random(in: 0..<8, using: &random)
        return JobRequest(
            id: JobID(jobsMade),
            engine: engine,
            tenant: ["a", "b", "c"].random(using: &random),
            isContinuation: isContinuation,
            jobClass: JobClass.allCases.random(using: &random),
            units: [1, 10, 50, 100, 300].random(using: &random),
            stream: isStream ? StreamID(UInt64.random(in: 0..<Self.streams, using: &random)) : nil,
            laterUnits: isStream ? [0, 100, 1_000].random(using: &random) : 0,
            audioBefore: [.zero, .zero, .seconds(3)].random(using: &random),
            isPlayed: Bool.random(using: &random),
            toleratesGaps: Bool.random(using: &random),
            deadline: deadline.map { simulator.now.advanced(by: .seconds($0)) },
            bytes: Int.random(in: 0...1_000, using: &random),
            text: text < Self.texts ? TextDigest(high: UInt64(engine), low: text) : nil
        )
    }

    /// An engine becomes another one: larger or smaller, faster or slower. In half of the cases it was measured in
    /// another life.
    private mutating func nextRedefinition() -> PoolSimulator.Event {
        let engine = Int.random(in: simulator.pool.configuration.engines.indices, using: &random)
        let need = simulator.memory == nil ? nil : Self.need(using: &random)
        var definition = PoolSimulator.Definition(memory: need)
        definition.timePerUnit = .milliseconds([1, 10, 100].random(using: &random))
        definition.audioPerUnit = .milliseconds([20, 50, 120].random(using: &random))
        var figures: [String: EngineFigures] = [:]
        if let need, Bool.random(using: &random) {
            for placement in simulator.pool.configuration.engines[engine].placements {
                figures[placement.device] = Self.figures(of: need)
            }
        }
        return .redefined(engine, definition, figures: figures)
    }

    /// A reading that is told; one is sometimes kept for later.
    private mutating func nextReading() -> MemoryReading? {
        if let reading = pendingReading.take() { return reading }
        var reading = simulator.readMemory(
            peaksShare: [0, 0.5, 1].random(using: &random),
            pressure: [0, 0, 0, 0.05, 0.5].random(using: &random)
        )
        for process in reading.processes.keys.sorted(by: { $0.description < $1.description })
        where Double.random(in: 0..<1, using: &random) < oversight {
            reading.processes[process] = nil
        }
        for device in reading.devices.keys.sorted() where Int.random(in: 0..<20, using: &random) == 0 {
            reading.devices[device] = nil
        }
        if Int.random(in: 0..<3, using: &random) > 0 { return reading }
        pendingReading = reading
        return nil
    }

    /// Others take what nobody uses, or give back what they had.
    private mutating func nextForeignUse() -> PoolSimulator.Event? {
        guard let memory = simulator.memory, !memory.devices.isEmpty else { return nil }
        let name = memory.devices.keys.sorted().random(using: &random)
        guard let device = memory.devices[name] else { return nil }
        let most = max(0, device.totalBytes - simulator.usedBytes(on: name))
        let bytes = Int(Double(most) * [0, 0, 0.2, 0.5, 1].random(using: &random))
        return .foreignUseChanged(device: name, bytes: bytes)
    }

    private func kind(of event: PoolSimulator.Event) -> Kind {
        switch event {
        case .started: .spawn
        case .jobArrived, .drainRequested, .stopRequested: .arrival
        case .jobCancelled: .cancel
        case .processSpawned: .spawn
        case .processDied(let process):
            simulator[process]?.orders == PoolSimulator.Process.Orders.none ? .death : .obey
        case .processExited(let process): simulator[process]?.life == .spawning ? .spawnFailure : .news
        case .slotOpened: .open
        case .slotClosed(let slot, _):
            simulator[slot.process]?.life == .dead || simulator[slot.process]?.orders == .abort ? .news : .lose
        case .jobEnded(_, let slot, let outcome, _):
            if case .interrupted? = simulator[slot] {
                .obey
            } else {
                switch outcome {
                case .completed: .complete
                case .failed: .fail
                case .outOfMemory: .outOfMemory
                case .doubtful: .doubt
                }
            }
        case .measured: .measured
        case .rehearsed(_, let isSound): isSound ? .measured : .badSample
        case .heard: .sign
        case .timePassed: .time
        case .restartRequested: .restart
        case .redefined: .redefinition
        case .audioArrived: .audio
        case .streamEnded: .streamEnd
        case .memoryRead: .reading
        case .memoryReleased: .release
        case .foreignUseChanged: .foreignUse
        case .timerFired(let timer): simulator.timersInOrder.first == timer ? .timer : .lateTimer
        }
    }

    func isPeaceful(_ event: PoolSimulator.Event) -> Bool {
        switch kind(of: event) {
        case .spawn, .open, .complete, .obey, .news, .measured, .release: true
        case .sign: if case .heard(let slot) = event { simulator[slot.process]?.askedAt != nil } else { false }
        case .arrival, .continuation, .cancel, .stale, .timer, .lateTimer, .spawnFailure, .fail, .lose, .death,
            .outOfMemory, .reading, .foreignUse, .audio, .streamEnd, .time, .restart, .redefinition, .doubt, .badSample:
            false
        }
    }
}
