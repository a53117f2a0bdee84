/// A device's memory: what it has, and what is spoken for.
///
/// Foreign use + what was not released yet + what our instances are charged + a reserve ≤ capacity. An instance is
/// charged what it holds, or its floor and the predicted peaks of the jobs that it runs, if that is more.
package struct Ledger: Sendable, Equatable {
    /// All that there is, in bytes.
    package var capacityBytes: Int
    /// What is left free for what nobody predicted, in bytes.
    package var reserveBytes: Int
    /// What others use, and what ended processes may not have released yet, in bytes.
    package var foreignBytes: Int
    /// What our instances are charged, in bytes.
    package var chargedBytes: Int

    /// What may still be given out, in bytes. It is negative when others have taken more than was left.
    package var roomBytes: Int { capacityBytes - reserveBytes - foreignBytes - chargedBytes }

    /// Whether nothing of the reserve is left.
    var isReserveGone: Bool { roomBytes + reserveBytes <= 0 }
}

extension Pool {
    /// The ledger of a device; `nil` if nobody knows how much memory it has.
    package func ledger(of device: Int) -> Ledger? {
        guard let memory = devices[device].memory else { return nil }
        return Ledger(
            capacityBytes: memory.totalBytes,
            reserveBytes: configuration.reserveBytes ?? Self.defaultReserveBytes(of: memory.totalBytes),
            foreignBytes: devices[device].foreignBytes + devices[device].unreleasedBytes,
            chargedBytes: instances.on(device).reduce(0) { $0 + charge(of: instances[$1]) }
        )
    }

    /// Whether a text of so many units fits on an instance's device if nothing else runs there, as far as anybody
    /// knows.
    package func fitsAlone(units: Int, on id: InstanceID) -> Bool {
        let instance = instances[id.index]
        guard let ledger = ledger(of: instance.device) else { return true }
        let own = figures(of: instance)
        guard own.peakBytes.count > 0 else { return true }
        let others = instances.on(instance.device).reduce(0) { sum, other in
            other == id.index ? sum : sum + quietCharge(of: instances[other])
        }
        let needed = max(quietCharge(of: instance), floor(of: instance) + own.peak(units: units))
        return others + needed <= ledger.capacityBytes - ledger.reserveBytes - ledger.foreignBytes
    }

    /// What an instance is charged when it has nothing to do: it may keep more than its floor.
    private func quietCharge(of instance: Instance) -> Int {
        instance.isServing ? max(instance.footprint.quietBytes, floor(of: instance)) : charge(of: instance)
    }

    /// The reserve of a device unless it is configured: 5 % of it, and not less than 512 MiB, but never more than a
    /// quarter.
    package static func defaultReserveBytes(of totalBytes: Int) -> Int {
        min(max(512 << 20, totalBytes / 20), totalBytes / 4)
    }

    /// What an instance is charged, with one more job of such a peak.
    func charge(of instance: Instance, morePeakBytes: Int = 0) -> Int {
        guard instance.hasProcess else { return 0 }
        let peaks = instance.slots.reduce(morePeakBytes) { $0 + $1.peakBytes }
        return max(instance.footprint.heldBytes, floor(of: instance) + peaks)
    }

    /// What an instance has when it has nothing to do.
    private func floor(of instance: Instance) -> Int {
        guard instance.hasProcess else { return 0 }
        return instance.footprint.floorBytes ?? expectedFloor(of: instance)
    }

    /// What an instance comes to hold that has not been read yet; 0 if none has been measured. One of those that
    /// share has to answer for what they share.
    private func expectedFloor(of instance: Instance) -> Int {
        let isBesideOthers = instances.on(instance.device).lazy.map { instances[$0] }.contains { other in
            isTwin(other, of: instance) && other.isServing
                && (other.footprint.floorBytes != nil || other.id.index < instance.id.index)
        }
        return figures(of: instance).floor(besideOthers: isBesideOthers)
    }

    /// Whether two instances are of the same definition of an engine on the same device, so that they may share memory.
    func isTwin(_ one: Instance, of other: Instance) -> Bool {
        one.engine == other.engine && one.device == other.device && one.revision == other.revision
    }

    /// Whether one more instance fits.
    ///
    /// Below the engine's least number it is enough that it and one job of any engine fit. More are loaded only if
    /// then all that may run could be at the peak of their largest text together. The first one of a definition on a
    /// device is loaded to be measured, if there is anything left at all, but beside those that it is to replace only
    /// where one more of them would have room.
    /// - Parameter gone: instances that would go first. It is enough then that one fits in their place.
    func hasRoomToLoad(engine: Int, device: Int, inPlaceOf gone: [Instance] = []) -> Bool {
        guard let ledger = ledger(of: device) else { return true }
        let room = gone.reduce(ledger.roomBytes) { $0 + charge(of: $1) }
        let others = instances.on(device).map { instances[$0] }
            .filter { one in one.hasProcess && !gone.contains { $0.id == one.id } }
        let own = others.filter { $0.engine == engine }
        let isFirst = !own.contains { $0.revision == revisions[engine].current }
        let next = figuresOfNext(engine: engine, device: device)
        let isLacking =
            !gone.isEmpty || liveInstances(engine: engine) < configuration.engines[engine].instances.lowerBound
        guard next.floorBytes != nil else {
            let likely = isLacking ? 0 : own.map { figures(of: $0).floorBytes ?? 0 }.max() ?? 0
            return isFirst && room > likely && !isBeingMeasured(engine: engine, likeOn: device)
        }
        let floor = next.floor(besideOthers: !isFirst)
        let peaks = configuration.engines.indices.map { other -> (running: Int, bytes: Int) in
            let peers = others.filter { $0.engine == other }
            let slots = peers.reduce(other == engine ? 1 : 0) { $0 + max(1, $1.slots.count) }
            let running = min(slots, maxRunning(engine: other, device: device, slots: slots))
            let largest = peers.map { largestPeak(of: figures(of: $0), engine: other) }.max() ?? 0
            return (running, other == engine ? max(largest, largestPeak(of: next, engine: engine)) : largest)
        }
        let needed =
            isLacking
            ? peaks.lazy.filter { $0.running > 0 }.map(\.bytes).max() ?? 0
            : peaks.reduce(0) { $0 + $1.running * $1.bytes }
        let floors = others.reduce(floor) { $0 + self.floor(of: $1) }
        return room >= floor
            && floors + needed <= ledger.capacityBytes - ledger.reserveBytes - ledger.foreignBytes
    }

    /// Whether it is known that not even one instance of an engine's definition fits on any of its devices.
    func fitsNowhere(engine: Int) -> Bool {
        let placements = configuration.engines[engine].placements
        return !placements.isEmpty
            && placements.allSatisfy { placement in
                guard let device = devices.firstIndex(where: { $0.name == placement.device }),
                    let ledger = ledger(of: device)
                else { return false }
                let next = figuresOfNext(engine: engine, device: device)
                guard let floor = next.floorBytes else { return false }
                return floor + largestPeak(of: next, engine: engine) > ledger.capacityBytes - ledger.reserveBytes
            }
    }

    /// The peak of the largest text that an engine is given.
    func largestPeak(of figures: EngineFigures, engine: Int) -> Int {
        figures.peak(units: configuration.engines[engine].largestUnits)
    }

    /// The most bytes that the next process of an engine on a device may hold; `nil` without a ledger.
    func budgetOfNext(engine: Int, device: Int) -> Int? {
        budget(figuresOfNext(engine: engine, device: device), engine: engine, device: device)
    }

    /// The most bytes that an instance's process may hold; `nil` without a ledger, and while its floor is unknown.
    func budget(of instance: Instance) -> Int? {
        let figures = figures(of: instance)
        return figures.floorBytes == nil ? nil : budget(figures, engine: instance.engine, device: instance.device)
    }

    /// What a process may hold at most: its floor and twice the largest peak, and a quarter of the floor or 256 MiB
    /// beyond it at least. While no peak has been measured, its floor again or 1 GiB beyond it; all the room that there
    /// is while nothing has been. `nil` without a ledger.
    private func budget(_ figures: EngineFigures, engine: Int, device: Int) -> Int? {
        guard let ledger = ledger(of: device) else { return nil }
        guard let floor = figures.floorBytes else { return max(0, ledger.roomBytes) }
        let isGuess = figures.peakBytes.count == 0
        let margin =
            isGuess
            ? max(floor, Self.guessedMarginBytes)
            : max(2 * largestPeak(of: figures, engine: engine), floor / 4, Self.leastMarginBytes)
        return min(ledger.capacityBytes - ledger.reserveBytes, floor + margin)
    }

    /// What a process may hold above its floor while nobody knows what it needs, at least.
    private static let guessedMarginBytes = 1 << 30
    /// What a process may hold above its floor, at least.
    private static let leastMarginBytes = 256 << 20

    /// Instances of an engine that serve, or are on their way to it.
    package func liveInstances(engine: Int) -> Int {
        instances.count(engine: engine).live
    }
}
