/// What becomes of a device when all that may run on it does, each at the peak of its largest text.
package struct ForecastDevice: Sendable, Equatable {
    /// Such as `cuda:0`.
    package var name: String
    /// All that it has, in bytes.
    package var totalBytes: Int
    /// What others than the pool use of it, in bytes.
    package var foreignBytes: Int
    /// What is left free for what nobody predicted, in bytes.
    package var reserveBytes: Int
    /// What each engine has there, in the order of the engines; nothing of an engine that may not be there.
    package var shares: [ForecastShare]

    /// What is left when everybody has what is his, in bytes; it is negative where an engine's least number is more
    /// than can work at once.
    package var freeBytes: Int {
        totalBytes - foreignBytes - reserveBytes - shares.reduce(0) { $0 + $1.bytes }
    }
}

/// What an engine has of a device.
package struct ForecastShare: Sendable, Equatable {
    /// Index into `PoolConfiguration.engines`.
    package var engine: Int
    /// Instances that are loaded.
    package var instances: Int
    /// How many of them run at once.
    package var running: Int
    /// What the instances hold that is theirs alone, in bytes.
    package var ownBytes: Int
    /// What they share, in bytes; it is there once, if it is there.
    package var sharedBytes: Int
    /// What those that run need above that, in bytes.
    package var activationBytes: Int
    /// What one more instance would need: itself, and the peak of its largest text if it may run; in bytes.
    package var nextBytes: Int

    /// All of it, in bytes.
    package var bytes: Int { ownBytes + sharedBytes + activationBytes }
}

extension Forecast {
    /// The devices of which the memory is known.
    package var devices: [ForecastDevice] {
        pool.devices.indices.compactMap { device in
            guard let ledger = pool.ledger(of: device) else { return nil }
            return ForecastDevice(
                name: pool.devices[device].name,
                totalBytes: ledger.capacityBytes,
                foreignBytes: ledger.foreignBytes,
                reserveBytes: ledger.reserveBytes,
                shares: pool.configuration.engines.indices.compactMap { share(engine: $0, device: device) }
            )
        }
    }

    private func share(engine: Int, device: Int) -> ForecastShare? {
        let name = pool.devices[device].name
        guard pool.configuration.engines[engine].placements.contains(where: { $0.device == name }) else { return nil }
        let figures = pool.configuration.engines[engine].figures[name] ?? EngineFigures()
        let instances = pool.readySlots(engine: engine, device: device)
        let running = running(engine: engine, device: device, instances: instances)
        let peak = pool.largestPeak(of: pool.figures[engine][device], engine: engine)
        let (first, added) = (figures.floor(besideOthers: false), figures.floor(besideOthers: true))
        let own = min(first, added)
        let more = self.running(engine: engine, device: device, instances: instances + 1) - running
        return ForecastShare(
            engine: engine,
            instances: instances,
            running: running,
            ownBytes: instances * own,
            sharedBytes: instances > 0 ? first - own : 0,
            activationBytes: running * peak,
            nextBytes: (instances > 0 ? added : first) + more * peak
        )
    }

    private func running(engine: Int, device: Int, instances: Int) -> Int {
        min(instances, pool.maxRunning(engine: engine, device: device, slots: instances))
    }
}
