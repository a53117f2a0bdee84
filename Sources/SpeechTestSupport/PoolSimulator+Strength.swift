import PoolCore

// What a pool comes back to when it is left in peace.

extension PoolSimulator {
    /// Whether nothing is under way: every process serves, every slot is idle, and nobody waits for a restart.
    var isAtRest: Bool {
        zip(pool.instances, processes).allSatisfy { instance, process in
            guard let process else { return instance.state == .vacant && !isReplacing(instance.engine) }
            return process.serves && process.life == .living
                && process.slots.count == declaration(of: process.id.instance).slots
                && process.slots.allSatisfy { $0.idleSince != nil }
        }
    }

    /// Whether something comes only with time: an instance that was given up, or one that is to be replaced later. An
    /// old one for whose successor there is no room waits for nothing but that.
    package var isWaitingForTime: Bool {
        pool.instances.contains { if case .parked = $0.state { true } else { false } } || isReplacedLater
    }

    /// Whether the pool does something about an older definition when it may try again.
    private var isReplacedLater: Bool {
        let old = pool.instances.filter { $0.isReady && $0.revision != pool.revisions[$0.engine].current }
        guard !old.isEmpty else { return false }
        var later = pool
        _ = later.timePassed(now: now.advanced(by: pool.configuration.backoff.longest))
        return old.contains { instance in
            let (before, after) = (pool.revisions[instance.engine], later.revisions[instance.engine])
            return after.isReplacing || after.current != before.current
        }
    }

    private func isReplacing(_ engine: Int) -> Bool { pool.revisions[engine].isReplacing }

    /// Every engine has its least number and as many more as it may have, as far as they fit.
    func checkStrength() throws(Violation) {
        for (engine, configured) in pool.configuration.engines.enumerated() {
            let own = processes(engine: engine)
            try check(own.count <= configured.instances.upperBound, "an engine has no more than it may have")
            guard own.count < configured.instances.upperBound else { continue }
            for placement in configured.placements where hasPlace(for: engine, on: placement) {
                let isFull =
                    usableBytes(of: placement.device) != nil
                    && (isLacking(on: placement.device, besides: engine) || !hasRoom(for: engine, on: placement.device))
                try check(isFull, "what fits is there: one more of engine \(engine) on \(placement.device)")
            }
        }
    }

    /// What is elastic goes where it may; else the places are dealt once.
    private func hasPlace(for engine: Int, on placement: PoolConfiguration.Placement) -> Bool {
        let here = pool.instances.filter { $0.engine == engine && $0.device == index(of: placement.device) }
        guard here.count(where: { $0.state != .vacant }) < placement.maximum else { return false }
        return here.contains { $0.state == .vacant } || pool.configuration.engines[engine].isElastic
    }

    /// Whether another engine has not its least number, and waits for room on a device.
    private func isLacking(on device: String, besides engine: Int) -> Bool {
        let least = pool.configuration.engines[engine].instances.lowerBound
        guard processes(engine: engine).count >= least else { return false }
        return pool.configuration.engines.enumerated().contains { other, configured in
            other != engine && processes(engine: other).count < configured.instances.lowerBound
                && configured.placements.contains { placement in
                    placement.device == device
                        && processes(on: device, engine: other).count < placement.maximum
                }
        }
    }

    /// Whether one more fits, by what the pool takes an instance and a job to need: beside one job of any engine, if
    /// the engine has not its least number, else beside all that may run at once.
    private func hasRoom(for engine: Int, on device: String) -> Bool {
        guard let usable = usableBytes(of: device), let foreign = memory?.devices[device]?.foreignBytes else {
            return true
        }
        let index = index(of: device)
        let figures = pool.figuresOfNext(engine: engine, device: index)
        let own = processes(on: device, engine: engine)
        let isFirst = !own.contains { $0.revision == pool.revisions[engine].current }
        let spoken = foreign + usedBytes(on: device)
        let isLacking = processes(engine: engine).count < pool.configuration.engines[engine].instances.lowerBound
        guard figures.floorBytes != nil else {
            // Beside old ones, the first of a new definition needs as much room as one more of those.
            let likely = isLacking ? 0 : own.map { self.figures(of: $0).floorBytes ?? 0 }.max() ?? 0
            return isFirst && usable - spoken > likely + Self.toleranceBytes
        }
        let floor = figures.floor(besideOthers: !isFirst)
        let peaks = pool.configuration.engines.indices.map { other -> (running: Int, bytes: Int) in
            let slots = processes(on: device, engine: other).reduce(other == engine ? 1 : 0) { $0 + $1.slots.count }
            let running = min(slots, pool.maxRunning(engine: other, device: index, slots: slots))
            let units = pool.configuration.engines[other].largestUnits
            let largest =
                processes(on: device, engine: other).map { self.figures(of: $0).peak(units: units) }.max() ?? 0
            return (running, other == engine ? max(largest, figures.peak(units: units)) : largest)
        }
        let needed =
            isLacking
            ? peaks.filter { $0.running > 0 }.map(\.bytes).max() ?? 0
            : peaks.reduce(0) { $0 + $1.running * $1.bytes }
        return spoken + floor + needed <= usable - Self.toleranceBytes
    }
}
