import Devices
import Glibc
import NIOCore
import PoolCore
import Synchronization

/// What processes hold of the host's memory.
///
/// Which pages a process shares takes the kernel 10 ms for each GiB to tell, so it is asked now and then; in between
/// what became resident or ceased to be is taken to be the process's own.
final class HostFootprints: Sendable {
    private struct Known {
        var memory: ProcessMemory
        var residentBytes: Int
        var readAt: NIODeadline
    }

    /// How long what was read holds.
    private static let validity = TimeAmount.seconds(10)

    private let monitor: DeviceMonitor
    private let known = Mutex<[pid_t: Known]>([:])

    init(monitor: DeviceMonitor) {
        self.monitor = monitor
    }

    /// Reads what processes hold. One that has gone is left out.
    /// - Parameters:
    ///   - resident: what of them is in memory, in bytes.
    ///   - anew: asked for exactly, however lately that was done.
    func read(
        _ processes: [ProcessID: pid_t],
        resident: [ProcessID: Int],
        anew: Set<ProcessID>
    ) -> [ProcessID: HeldMemory] {
        var held: [ProcessID: HeldMemory] = [:]
        for (process, pid) in processes {
            guard let residentBytes = resident[process] else { continue }
            var last = known.withLock { $0[pid] }
            if anew.contains(process) || last.map({ $0.readAt + Self.validity < .now() }) ?? true {
                guard let memory = monitor.memory(ofProcess: pid) else { continue }
                let read = Known(memory: memory, residentBytes: residentBytes, readAt: .now())
                known.withLock { $0[pid] = read }
                last = read
            }
            guard let last else { continue }
            let more = residentBytes - last.residentBytes
            held[process] = HeldMemory(
                heldBytes: max(0, last.memory.proportionalBytes + more),
                ownBytes: max(0, last.memory.dirtyBytes + more)
            )
        }
        let pids = Set(processes.values)
        known.withLock { $0 = $0.filter { pids.contains($0.key) } }
        return held
    }
}
