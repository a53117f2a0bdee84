import PoolCore

extension PoolSimulator {
    /// What the world may do next, arrivals, readings, others' use of memory and a drain apart.
    package var possibleEvents: [Event] {
        if phase == .new { return [.started] }
        var events: [Event] = []
        for process in processes {
            guard let process else { continue }
            switch process.life {
            case .spawning:
                events += [.processSpawned(process.id), .processExited(process.id)]
            case .living:
                for slot in process.slots.indices { events += answers(of: SlotID(process: process.id, index: slot)) }
                if process.askedAt != nil { events.append(.heard(SlotID(process: process.id, index: 0))) }
                events += breaks(of: process) + [.processDied(process.id)]
            case .dead:
                let breaks = breaks(of: process)
                events += breaks.isEmpty ? [.processExited(process.id)] : breaks
            }
        }
        let remains = (memory?.devices ?? [:]).sorted { $0.key < $1.key }.flatMap(\.value.remains)
        events += remains.map { .memoryReleased($0.process) }
        let calls = jobs.keys.sorted { $0.number < $1.number }
        events += calls.map { .jobCancelled($0) }
        events += timersInOrder.map { .timerFired($0) }
        return events
    }

    /// Timers that are set, the first due first.
    var timersInOrder: [TimerID] {
        timers.sorted { ($0.value, $0.key.number) < ($1.value, $1.key.number) }.map(\.key)
    }

    private func answers(of slot: SlotID) -> [Event] {
        switch self[slot] {
        case .opening: [.slotOpened(slot)]
        case .measuring:
            self[slot.process]?.isOnTrial == true
                ? [.rehearsed(slot.process, isSound: true), .rehearsed(slot.process, isSound: false)]
                : [.measured(slot.process)]
        case .busy(let job):
            [
                .jobEnded(job, slot, .completed, canRestart: false), .jobEnded(job, slot, .failed, canRestart: true),
                .jobEnded(job, slot, .outOfMemory, canRestart: true),
                .jobEnded(job, slot, .outOfMemory, canRestart: false),
                .jobEnded(job, slot, .doubtful, canRestart: true), .heard(slot),
            ]
        case .interrupted(let job): [.jobEnded(job, slot, .failed, canRestart: false)]
        case .idle, .closed, nil: []
        }
    }

    private func breaks(of process: Process) -> [Event] {
        var events: [Event] = []
        for (index, state) in process.slots.enumerated() where state.isConnected {
            let slot = SlotID(process: process.id, index: index)
            events.append(.slotClosed(slot, canRestart: true))
            if case .busy = state { events.append(.slotClosed(slot, canRestart: false)) }
        }
        return events
    }

    /// Whether the event would tell the pool nothing new.
    func isStale(_ event: Event) -> Bool {
        switch event {
        case .started, .jobArrived, .audioArrived, .streamEnded, .processDied, .memoryRead, .memoryReleased,
            .foreignUseChanged, .heard, .timePassed, .restartRequested, .redefined:
            false
        case .jobCancelled(let job): jobs[job] == nil
        case .processSpawned(let process): incarnations[process.instance.index] > process.incarnation
        case .processExited(let process): self[process] == nil
        case .slotOpened(let slot): if case .opening? = self[slot] { false } else { true }
        case .slotClosed(let slot, _): self[slot]?.isConnected != true
        case .jobEnded(let job, let slot, _, _): self[slot]?.job != job
        case .measured(let process): self[process]?.isMeasuring != true || self[process]?.isOnTrial == true
        case .rehearsed(let process, _): self[process]?.isMeasuring != true || self[process]?.isOnTrial != true
        case .timerFired(let timer): timers[timer] == nil
        case .drainRequested: phase != .new && phase != .serving
        case .stopRequested: phase == .stopping || phase == .drained
        }
    }

    /// Changes what the shell knows, and what is true, by the event itself.
    mutating func take(_ event: Event) {
        switch event {
        case .started: phase = .serving
        case .jobArrived(let request): jobs[request.id] = Job(request: request, arrived: now)
        case .jobCancelled, .audioArrived, .streamEnded, .timePassed, .restartRequested: break
        case .redefined(let engine, _, _):
            // Another model may well speak what ended the one before.
            if !pool.isStopping { suspects = suspects.filter { $1.engine != engine } }
        case .heard(let slot): processes[slot.process.instance.index]?.askedAt = nil
        case .processSpawned(let process): processes[process.instance.index]?.life = .living
        case .processDied(let process): processes[process.instance.index]?.life = .dead
        case .processExited(let process):
            if let known = self[process] { leaveRemains(of: known) }
            processes[process.instance.index] = nil
        case .slotOpened(let slot):
            // The answer of one that is to end is not heard, and says nothing of what it still holds.
            let isHeard = self[slot.process]?.orders == Process.Orders.none
            if isHeard {
                processes[slot.process.instance.index]?.hasAnswered = true
                processes[slot.process.instance.index]?.askedAt = nil
            }
            set(slot, to: isHeard ? .idle(since: now) : .closed)
        case .slotClosed(let slot, _):
            if case .busy(let job)? = self[slot] {
                if isToBlame(slot) { blame(job) }
                fail(job, on: slot, isOutOfMemory: false)
            }
            processes[slot.process.instance.index]?.isMeasuring = false
            set(slot, to: .closed)
        case .jobEnded(let job, let slot, let outcome, _):
            if outcome == .completed, case .busy? = self[slot], let text = jobs[job]?.request.text {
                suspects[text] = nil
            }
            if let process = self[slot.process] {
                let leakBytes = need(of: process)?.leakBytes ?? 0
                processes[slot.process.instance.index]?.creepBytes += leakBytes
            }
            if outcome == .outOfMemory { fail(job, on: slot, isOutOfMemory: true) }
            if outcome == .doubtful { fail(job, on: slot, isOutOfMemory: false) }
            set(slot, to: .idle(since: now))
        case .measured(let process):
            processes[process.instance.index]?.isMeasuring = false
            set(SlotID(process: process, index: 0), to: .idle(since: now))
        case .rehearsed(let process, let isSound):
            processes[process.instance.index]?.isMeasuring = false
            processes[process.instance.index]?.isOnTrial = false
            if isSound { set(SlotID(process: process, index: 0), to: .idle(since: now)) }
        case .memoryRead(let reading): take(reading)
        case .memoryReleased(let process):
            for name in (memory?.devices ?? [:]).keys {
                memory?.devices[name]?.remains.removeAll { $0.process == process }
            }
        case .foreignUseChanged(let device, let bytes): memory?.devices[device]?.foreignBytes = bytes
        case .timerFired(let timer): take(timer)
        case .drainRequested: phase = .draining
        case .stopRequested: if phase != .drained { phase = .stopping }
        }
    }

    private mutating func take(_ timer: TimerID) {
        timers[timer] = nil
        switch timer.purpose {
        case .drain: phase = .stopping
        case .measure(let process):
            processes[process.instance.index]?.isMeasuring = false
            if self[process]?.isOnTrial != true { set(SlotID(process: process, index: 0), to: .closed) }
            processes[process.instance.index]?.isOnTrial = false
        case .cancel(let slot): set(slot, to: .closed)
        case .restart, .load, .terminate, .open, .expire: break
        }
    }

    /// A job has ended its process.
    private mutating func blame(_ job: JobID) {
        jobs[job]?.deaths += 1
        guard let request = jobs[job]?.request, let text = request.text else { return }
        suspects[text, default: (request.engine, 0)].deaths += 1
    }

    private mutating func fail(_ job: JobID, on slot: SlotID, isOutOfMemory: Bool) {
        guard let device = self[slot.process]?.device else { return }
        if isOutOfMemory { hasLackedMemory = true }
        jobs[job]?.isWaiting = true
        jobs[job]?.reruns += 1
        jobs[job]?.failure = Job.Failure(process: slot.process, device: device, at: now, isOutOfMemory: isOutOfMemory)
    }
}
