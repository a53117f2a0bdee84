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

extension PoolAction: CustomStringConvertible {
    package var description: String {
        switch self {
        case .spawn(let process, let engine, let device): "spawn \(process) of engine \(engine) on \(device)"
        case .open(let slot): "open \(slot)"
        case .run(let job, let slot): "run \(job) on \(slot)"
        case .interrupt(let slot): "interrupt \(slot)"
        case .terminate(let process): "terminate \(process)"
        case .kill(let process): "kill \(process)"
        case .end(let job, let end): "end \(job): \(end)"
        case .setTimer(let timer, let deadline): "set \(timer) for \(deadline)"
        case .cancelTimer(let timer): "cancel \(timer)"
        case .drained: "drained"
        }
    }
}
