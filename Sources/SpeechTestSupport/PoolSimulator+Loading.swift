import PoolCore

// Which processes there may be, and what memory has to say to it.

extension PoolSimulator {
    /// What rounding and the fit of a line may cost, in bytes.
    static let toleranceBytes = 1 << 20

    mutating func spawn(_ id: ProcessID, engine: Int, device: String, memoryBytes: Int?) throws(Violation) {
        let index = id.instance.index
        try check(processes[index] == nil, "an instance has one process at a time")
        try check(id.incarnation == incarnations[index] + 1, "processes are counted")
        try check(phase == .serving || phase == .draining, "nothing is started when the pool stops")
        incarnations[index] += 1

        let configured = pool.configuration.engines[engine]
        let peers = processes(engine: engine)
        let peersHere = peers.count { $0.device == device }
        // One more comes before the one goes that it replaces.
        let more = pool.revisions[engine].isReplacing ? 1 : 0
        try check(
            peers.count < configured.instances.upperBound + more,
            "an engine has no more instances than it may have"
        )
        let maximum = (configured.placements.first { $0.device == device }?.maximum ?? 0) + more
        try check(peersHere < maximum, "a device has no more instances than it may have")

        let revision = pool.instances[index].revision
        var process = Process(id: id, engine: engine, device: device, revision: revision)
        process.budgetBytes = memoryBytes
        let others = processes(on: device)
        processes[index] = process
        try check((memoryBytes != nil) == (usableBytes(of: device) != nil), "who is on a known device has a budget")
        guard usableBytes(of: device) != nil else { return }
        try check(!others.contains(where: \.isComing), "one is loaded on a device at a time")
        let isFirst = !others.contains { $0.kind == process.kind }
        try check(isFloorKnown(process) || isFirst, "no second is loaded until the first was measured")
        if isFloorKnown(process) { try checkWall(of: process, bytes: memoryBytes ?? 0) }
        try checkCapacity(of: device, "to load \(id)")
    }

    /// Nobody is to hold less than it has when it has nothing to do.
    func checkWall(of process: Process, bytes: Int) throws(Violation) {
        guard let usable = usableBytes(of: process.device), let need = need(of: process) else { return }
        let floor = min(usable, need.sharedBytes + need.ownBytes)
        try check(bytes >= floor, "\(process.id) is limited to \(bytes >> 20) MiB, and has \(floor >> 20) MiB")
    }

    /// A device is never over its capacity, as far as the pool can know.
    func checkCapacity(of device: String, _ purpose: String) throws(Violation) {
        guard let usable = usableBytes(of: device), let spokenFor = spokenFor(on: device) else { return }
        let over = spokenFor - usable
        try check(over <= Self.toleranceBytes, "there is room on \(device) \(purpose): \(over >> 20) MiB are lacking")
    }

    mutating func measure(_ slot: SlotID) throws(Violation) {
        guard let process = self[slot.process], let need = need(of: process), case .idle? = self[slot] else {
            return try check(false, "who has just answered is measured")
        }
        try check(pool.configuration.engines[process.engine].isElastic, "what is elastic is measured")
        try check(usableBytes(of: process.device) != nil && !isFloorKnown(process), "what is unknown is measured")
        let largest = need.peakBytes(units: 300)
        set(slot, to: .measuring)
        processes[slot.process.instance.index]?.isMeasuring = true
        processes[slot.process.instance.index]?.peaks[slot.index] = Peak(
            bytes: largest,
            knownBytes: 0,
            predictedBytes: 0
        )
    }

    mutating func terminate(_ id: ProcessID, because cause: PoolAction.Cause) throws(Violation) {
        guard let process = self[id] else { return try check(false, "a living process is told to end") }
        try check(process.orders == .none, "a process is told once to end")
        processes[id.instance.index]?.orders = .terminate
        switch cause {
        case .poolEnds:
            try check(phase == .stopping || phase == .draining && jobs.isEmpty, "the pool ends when it is told to")
        case .roomNeeded:
            try check(isDone(process), "who is to go finishes its work")
            let left = processes(engine: process.engine).count { $0.orders == .none && !$0.isRetiring }
            let least = pool.configuration.engines[process.engine].instances.lowerBound
            try check(left >= least, "nobody goes below the least number")
            guard steps == readAfterStep + 1, let lastReading, isAllKnown(of: process.device, by: lastReading) else {
                return
            }
            guard let free = predictedFreeBytes(of: process.device) else { return }
            try check(free <= Self.toleranceBytes, "nobody goes while the reserve holds: \(free >> 20) MiB are left")
        case .overBudget:
            guard let held = lastReading?.processes[id]?.heldBytes, let budget = process.budgetBytes else { return }
            try check(held > budget, "only who holds more than it may goes at once")
        case .recycled, .replaced, .badAudio, .notWanted, .asked:
            try check(isDone(process), "who is to go finishes its work")
        case .memoryCreeps:
            try check(isDone(process), "who is to go finishes its work")
            try check(
                process.creepBytes >= 256 << 20 || process.isUnderestimated,
                "only who loses memory is replaced for it"
            )
        }
    }

    /// Whether a process has nothing to do, or nothing that anybody waits for.
    private func isDone(_ process: Process) -> Bool {
        process.slots.allSatisfy { slot in
            switch slot {
            case .busy(let job): jobs[job] == nil || dueEnds[job] != nil
            case .interrupted: false
            case .closed, .opening, .measuring, .idle: true
            }
        }
    }

    /// Notes who gets no more work. This comes of a reading, and of nothing else.
    mutating func noteRetiring(by event: Event) throws(Violation) {
        for (index, process) in processes.enumerated() {
            guard let process, pool.instances[index].state == .draining, !process.isRetiring else { continue }
            switch event {
            case .memoryRead, .timePassed, .slotOpened, .slotClosed, .measured, .rehearsed, .processExited,
                .restartRequested, .redefined, .timerFired:
                let others = processes(engine: process.engine).filter { $0.id != process.id && $0.isRetiring }
                try check(
                    !others.contains { $0.device == process.device },
                    "one of an engine goes from a device at a time"
                )
            default: try check(false, "this makes no instance go: \(event)")
            }
            processes[index]?.isRetiring = true
            processes[index]?.retiredInStep = steps
        }
    }
}
