/// All instances; an instance's id is its index. It knows without counting how many of them do what.
///
/// Every change of an instance goes through the subscript, which keeps the counts: that costs O(its slots). Reading a
/// count is O(1).
package struct Fleet: Sendable, RandomAccessCollection {
    /// How many instances and slots there are of an engine, on one device or on all of them.
    struct Counts: Equatable {
        /// Slots of instances that may be given work.
        var readySlots = 0
        /// Slots of instances that work, with or without getting more.
        var servingSlots = 0
        /// How many of those do something.
        var busySlots = 0
        /// How many slots could run a job now.
        var idleSlots = 0
        /// Instances that may be given work.
        var ready = 0
        /// Instances that are on their way to where they serve.
        var coming = 0
        /// All instances.
        var all = 0
        /// Instances that are not vacant, or are not to be filled.
        var taken = 0
        /// Instances that are not vacant.
        var occupied = 0
        /// Instances that have no process because one has died.
        var dead = 0

        /// Instances that serve, or are on their way to it.
        var live: Int { ready + coming }
        /// Instances that are vacant and may be filled.
        var free: Int { all - taken }

        init() {}

        fileprivate init(_ instance: Instance) {
            all = 1
            coming = instance.isComing ? 1 : 0
            taken = instance.isTaken ? 1 : 0
            occupied = instance.state == .vacant ? 0 : 1
            dead = instance.hasDied ? 1 : 0
            guard instance.isServing else { return }
            servingSlots = instance.slots.count
            busySlots = instance.busySlots
            guard instance.isReady else { return }
            ready = 1
            readySlots = instance.slots.count
            idleSlots = instance.slots.count { if case .idle = $0.state { true } else { false } }
        }

        fileprivate mutating func replace(_ before: Counts, by after: Counts) {
            readySlots += after.readySlots - before.readySlots
            servingSlots += after.servingSlots - before.servingSlots
            busySlots += after.busySlots - before.busySlots
            idleSlots += after.idleSlots - before.idleSlots
            ready += after.ready - before.ready
            coming += after.coming - before.coming
            taken += after.taken - before.taken
            all += after.all - before.all
            occupied += after.occupied - before.occupied
            dead += after.dead - before.dead
        }
    }

    private var places: [Instance] = []
    /// By engine.
    private var totals: [Counts] = []
    /// By engine, then by device.
    private var counts: [[Counts]] = []
    /// The indices of the instances on each device, in order.
    private var indicesOn: [[Int]] = []
    /// By engine, the indices of the instances that have an idle slot, in order.
    private var idle: [[Int]] = []

    init() {}

    /// A place without a process.
    mutating func makePlace(engine: Int, device: Int) -> InstanceID {
        let id = InstanceID(places.count)
        let instance = Instance(id: id, engine: engine, device: device, state: .vacant)
        while totals.count <= engine {
            totals.append(Counts())
            counts.append([])
            idle.append([])
        }
        while counts[engine].count <= device { counts[engine].append(Counts()) }
        while indicesOn.count <= device { indicesOn.append([]) }
        places.append(instance)
        indicesOn[device].append(id.index)
        note(instance, Counts())
        return id
    }

    // MARK: One after the other

    /// The index of the first instance.
    package var startIndex: Int { 0 }
    /// How many there are.
    package var endIndex: Int { places.count }

    /// The instance with this number.
    package subscript(index: Int) -> Instance {
        _read { yield places[index] }
        _modify {
            let before = Counts(places[index])
            defer { note(places[index], before) }
            yield &places[index]
        }
    }

    private mutating func note(_ instance: Instance, _ before: Counts) {
        let after = Counts(instance)
        guard after != before else { return }
        totals[instance.engine].replace(before, by: after)
        counts[instance.engine][instance.device].replace(before, by: after)
        guard (before.idleSlots == 0) != (after.idleSlots == 0) else { return }
        let position = idle[instance.engine].partitioningIndex { $0 < instance.id.index }
        if after.idleSlots > 0 {
            idle[instance.engine].insert(instance.id.index, at: position)
        } else {
            idle[instance.engine].remove(at: position)
        }
    }

    // MARK: Counts

    /// Whether what is kept is what counting gives, for tests. It costs O(n).
    var isConsistent: Bool {
        var counted = Fleet()
        for instance in places {
            let id = counted.makePlace(engine: instance.engine, device: instance.device)
            counted[id.index] = instance
        }
        return counted.totals == totals && counted.counts == counts && counted.indicesOn == indicesOn
            && counted.idle == idle
    }

    /// The counts of an engine.
    func count(engine: Int) -> Counts { engine < totals.count ? totals[engine] : Counts() }

    /// The counts of an engine on a device.
    func count(engine: Int, device: Int) -> Counts {
        engine < counts.count && device < counts[engine].count ? counts[engine][device] : Counts()
    }

    /// The indices of the instances on a device, in order.
    func on(_ device: Int) -> [Int] { device < indicesOn.count ? indicesOn[device] : [] }

    /// The indices of the instances of an engine that have an idle slot, in order.
    func idle(engine: Int) -> [Int] { engine < idle.count ? idle[engine] : [] }
}
