import Devices
import PoolCore
package import SpeechCore

extension Supervisor {
    package func snapshot() async -> PoolSnapshot {
        // Places that were never filled are none of anybody's business.
        let instances = pool.instances.filter { $0.state != .vacant || $0.incarnation > 0 || isWanted($0) }
            .map { snapshot(of: $0) }
        let devices = pool.devices.indices.sorted { pool.devices[$0].name < pool.devices[$1].name }
            .map { snapshot(ofDevice: $0) }
        let engines = zip(order, statuses).map { index, status in
            PoolSnapshot.Engine(
                name: status.name,
                instances: status.instances,
                ready: status.readyInstances,
                slots: status.slots,
                queued: pool.waitingJobs(engine: index),
                parked: status.parkedInstances
            )
        }
        let queue = PoolSnapshot.Queue(
            jobs: pool.waitingJobs,
            maxJobs: pool.configuration.maxJobs,
            predictedWait: order.compactMap {
                pool.predictedWait(engine: $0, tenant: Utterance.anonymousTenant, now: now)
            }.max().map { $0 / .seconds(1) }
        )
        return PoolSnapshot(devices: devices, engines: engines, instances: instances, queue: queue)
    }

    /// Whether an engine is to have this one however little memory there is.
    private func isWanted(_ instance: Instance) -> Bool { pool.lacksRoom(engine: instance.engine) }

    private func snapshot(ofDevice index: Int) -> PoolSnapshot.Device {
        let device = pool.devices[index]
        let reading = watch?.reading(of: device.name)
        return PoolSnapshot.Device(
            name: device.name,
            instances: pool.instances.count { $0.device == index && $0.hasProcess },
            model: reading?.model,
            utilization: reading?.utilization,
            memory: pool.ledger(of: index).map {
                PoolSnapshot.Memory(
                    capacityBytes: $0.capacityBytes,
                    foreignBytes: $0.foreignBytes,
                    chargedBytes: $0.chargedBytes,
                    reserveBytes: $0.reserveBytes,
                    roomBytes: $0.roomBytes
                )
            },
            engines: order.filter { engine in
                pool.instances.contains { $0.engine == engine && $0.device == index }
            }.map { snapshot(ofEngine: $0, device: index) }
        )
    }

    private func snapshot(ofEngine engine: Int, device: Int) -> PoolSnapshot.EngineOnDevice {
        let slots = pool.readySlots(engine: engine, device: device)
        let figures = pool.figures[engine][device]
        return PoolSnapshot.EngineOnDevice(
            name: pool.configuration.engines[engine].name,
            running: pool.running(engine: engine, device: device),
            maxRunning: min(slots, pool.maxRunning(engine: engine, device: device, slots: slots)),
            curve: figures.curve.figures.map { .init(running: $0.running, unitsPerSecond: $0.unitsPerSecond) },
            floorBytes: figures.floorBytes,
            addedBytes: figures.addedBytes,
            largestPeakBytes: figures.floorBytes == nil
                ? nil : figures.peak(units: pool.configuration.engines[engine].largestUnits)
        )
    }

    private func snapshot(of instance: Instance) -> PoolSnapshot.Instance {
        let worker = workers[instance.process]
        return PoolSnapshot.Instance(
            id: name(of: instance.id),
            engine: pool.configuration.engines[instance.engine].name,
            device: pool.devices[instance.device].name,
            state: word(for: instance),
            pid: worker?.pid,
            slots: instance.slots.count,
            restarts: max(instance.incarnation - 1, 0),
            jobsDone: instance.jobsDone,
            badSegments: instance.badSegments,
            currentJobs: (worker?.links.values.compactMap(\.job) ?? [])
                .compactMap { work[$0]?.utteranceID }.sorted(),
            residentBytes: worker?.memory.seenResidentBytes,
            heldBytes: instance.footprint.heldBytes == 0 ? nil : instance.footprint.heldBytes,
            floorBytes: instance.footprint.floorBytes
        )
    }

    private func word(for instance: Instance) -> String {
        switch instance.state {
        case .vacant: instance.isHeld ? "drained" : "vacant"
        case .backoff: "backoff"
        case .parked: "parked"
        case .starting: "starting"
        case .loading: "loading"
        case .measuring: "measuring"
        case .ready: instance.busySlots > 0 ? "busy" : "ready"
        case .draining: "draining"
        case .stopping: "stopping"
        case .stopped: "stopped"
        }
    }
}
