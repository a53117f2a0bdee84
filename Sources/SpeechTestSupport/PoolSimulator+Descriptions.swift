package import PoolCore

// Short names, so that the report of a walk can be read.

extension JobID: CustomStringConvertible {
    package var description: String { "job \(number)" }
}

extension ProcessID: CustomStringConvertible {
    /// The instance and its process, such as `0.1`.
    package var description: String { "\(instance.index).\(incarnation)" }
}

extension SlotID: CustomStringConvertible {
    /// The process and its slot, such as `0.1/0`.
    package var description: String { "\(process)/\(index)" }
}

extension InstanceID: CustomStringConvertible {
    package var description: String { "\(index)" }
}

extension TimerID: CustomStringConvertible {
    package var description: String { "\(purpose) #\(number)" }
}

extension Instant: CustomStringConvertible {
    package var description: String { "\(sinceStart)" }
}

extension JobRequest: CustomStringConvertible {
    package var description: String {
        "job \(id.number) of engine \(engine), \(units) units, \(jobClass), \(tenant)"
            + (isContinuation ? ", continued" : "")
    }
}

extension MemoryReading: CustomStringConvertible {
    /// In MiB, such as `at 1.0 seconds: cpu 300/1000; 0.1: 200`.
    package var description: String {
        let devices = devices.sorted { $0.key < $1.key }
            .map { " \($0.key) \($0.value.usedBytes >> 20)/\($0.value.totalBytes >> 20);" }
        let processes = processes.map { " \($0.key): \($0.value.heldBytes >> 20)" }.sorted()
        return "at \(taken):" + devices.joined() + processes.joined(separator: ",")
            + (pressure > 0 ? " pressure \(pressure)" : "")
    }
}

extension PoolAction: CustomStringConvertible {
    package var description: String {
        switch self {
        case .spawn(let process, let engine, let device, let bytes):
            "spawn \(process) of engine \(engine) on \(device)" + (bytes.map { " within \($0 >> 20) MiB" } ?? "")
        case .open(let slot): "open \(slot)"
        case .measure(let slot): "measure \(slot)"
        case .limit(let process, let bytes): "limit \(process) to \(bytes >> 20) MiB"
        case .release(let process): "release the cache of \(process)"
        case .readMemory: "read the memory"
        case .run(let job, let slot): "run \(job) on \(slot)"
        case .interrupt(let slot): "interrupt \(slot)"
        case .terminate(let process, let cause): "terminate \(process) because \(cause)"
        case .kill(let process, let failing): "kill \(process) because it did not \(failing)"
        case .abort(let process): "abort \(process)"
        case .ask(let slot): "ask \(slot)"
        case .rehearse(let slot): "rehearse \(slot)"
        case .reportParked(let instance): "report that \(instance) is parked"
        case .reportRolledBack(let engine): "report that engine \(engine) is rolled back"
        case .reportStartFailed(let engine): "report that engine \(engine) cannot be loaded"
        case .end(let job, let end): "end \(job): \(end)"
        case .setTimer(let timer, let deadline): "set \(timer) for \(deadline)"
        case .cancelTimer(let timer): "cancel \(timer)"
        case .drained: "drained"
        }
    }
}
