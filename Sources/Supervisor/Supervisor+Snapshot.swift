import Glibc
import PoolCore
package import SpeechCore

extension Supervisor {
    package func snapshot() async -> PoolSnapshot {
        let instances = pool.instances.map { snapshot(of: $0) }
        let devices = Set(instances.map(\.device)).sorted().map { device in
            PoolSnapshot.Device(name: device, instances: instances.count { $0.device == device })
        }
        let engines = configuration.engines.indices.map { index in
            PoolSnapshot.Engine(
                name: configuration.engines[index].name,
                instances: configuration.engines[index].devices.count,
                ready: pool.instances.count { $0.engine == index && $0.isReady },
                slots: pool.readySlots(engine: index),
                queued: pool.waitingJobs(engine: index)
            )
        }
        let queue = PoolSnapshot.Queue(
            jobs: pool.waitingJobs,
            maxJobs: configuration.pool.maxJobs,
            predictedWait: configuration.engines.indices.compactMap { pool.predictedWait(engine: $0) }.max()
                .map { $0 / .seconds(1) }
        )
        return PoolSnapshot(devices: devices, engines: engines, instances: instances, queue: queue)
    }

    private func snapshot(of instance: Instance) -> PoolSnapshot.Instance {
        let worker = workers.first { $0.key.instance == instance.id }?.value
        return PoolSnapshot.Instance(
            id: name(of: instance.id),
            engine: configuration.engines[instance.engine].name,
            device: instance.device,
            state: word(for: instance),
            pid: worker?.pid,
            slots: instance.slots.count,
            restarts: max(instance.incarnation - 1, 0),
            jobsDone: instance.jobsDone,
            currentJobs: (worker?.links.values.compactMap(\.job) ?? [])
                .compactMap { work[$0]?.utteranceID }.sorted(),
            residentBytes: worker?.pid.flatMap(residentBytes)
        )
    }

    private func word(for instance: Instance) -> String {
        switch instance.state {
        case .backoff: "backoff"
        case .starting: "starting"
        case .loading: "loading"
        case .ready: instance.busySlots > 0 ? "busy" : "ready"
        case .stopping: "stopping"
        case .stopped: "stopped"
        }
    }
}

/// The resident memory of a process in bytes, from `/proc/PID/statm`; `nil` when it has gone.
private func residentBytes(of pid: pid_t) -> Int? {
    guard let file = fopen("/proc/\(pid)/statm", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, CInt(line.count), file) != nil else { return nil }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(CInt(_SC_PAGESIZE))) } : nil
}
