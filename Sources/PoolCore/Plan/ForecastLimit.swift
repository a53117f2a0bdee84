/// The one thing that keeps an engine from speaking more at once.
package enum ForecastLimit: Sendable, Equatable {
    /// Fewer may run on a device than are loaded.
    case running(device: String, running: Int, instances: Int)
    /// It has all the instances that it may have: in all, or on the devices where it may be.
    case instances(Int)
    /// One more needs more memory than is left, on the device where the least is wanting.
    case memory(device: String, neededBytes: Int, leftBytes: Int)
}

extension Forecast {
    /// What keeps an engine from speaking more at once. All its devices' memory is known.
    package func limit(engine: Int) -> ForecastLimit {
        let configured = pool.configuration.engines[engine]
        let all = devices.compactMap { device in
            device.shares.first { $0.engine == engine }.map { (device: device, share: $0) }
        }
        let used = all.filter { $0.share.instances > 0 }
        if let first = used.first, used.allSatisfy({ $0.share.running < $0.share.instances }) {
            return .running(
                device: first.device.name,
                running: first.share.running,
                instances: first.share.instances
            )
        }
        let loaded = used.reduce(0) { $0 + $1.share.instances }
        if loaded >= configured.instances.upperBound { return .instances(loaded) }
        let open = all.filter { one in
            configured.placements.contains { $0.device == one.device.name && $0.maximum > one.share.instances }
        }
        let nearest = open.min { $0.share.nextBytes - $0.device.freeBytes < $1.share.nextBytes - $1.device.freeBytes }
        guard let nearest else { return .instances(loaded) }
        return .memory(
            device: nearest.device.name,
            neededBytes: nearest.share.nextBytes,
            leftBytes: max(0, nearest.device.freeBytes)
        )
    }
}
