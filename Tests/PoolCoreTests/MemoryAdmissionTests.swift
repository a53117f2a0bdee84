@testable import PoolCore
import Testing

/// Which job fits where, and when.
@Suite struct MemoryAdmissionTests {
    /// Three instances on a card that has room for one large text and a little more: 10 GiB less a reserve of 1, less 6 for
    /// the instances, less 1.25 for others.
    private func tight(patience: Double = 2) -> Stage {
        var configuration = PoolConfiguration.cards(instances: 3...3)
        configuration.memoryPatience = .seconds(patience)
        var stage = Stage(loaded: configuration)
        stage.read(foreign: ["cuda:0": gib(1.25)], at: 0.5)
        return stage
    }

    @Test("jobs run side by side as long as their peaks fit")
    func sideBySide() {
        var stage = tight()
        #expect(stage.arrive(1, units: 1024, at: 1) == [.run(JobID(1), slot(0))])
        #expect(stage.arrive(2, units: 800, at: 1).runs.isEmpty)
        #expect(stage.arrive(3, units: 768, at: 1) == [.run(JobID(3), slot(1))])
        #expect(stage.end(1, on: slot(0), at: 3) == [.end(JobID(1), .completed), .run(JobID(2), slot(2))])
    }

    @Test("a small job passes a large one, but not when that has waited for long")
    func patience() {
        var stage = tight()
        stage.arrive(1, units: 1024, at: 1)
        stage.arrive(2, units: 1024, at: 1)
        #expect(stage.arrive(3, units: 300, at: 2).runs == [.run(JobID(3), slot(1))])
        #expect(stage.end(3, on: slot(1), at: 2.5).runs.isEmpty)
        #expect(stage.arrive(4, units: 300, at: 2.9).runs == [.run(JobID(4), slot(2))])
        #expect(stage.arrive(5, units: 300, at: 3.1).runs.isEmpty)
        #expect(stage.end(4, on: slot(2), at: 4).runs.isEmpty)
        #expect(
            stage.end(1, on: slot(0), at: 5).runs == [.run(JobID(2), slot(1)), .run(JobID(5), slot(2))]
        )
    }

    @Test("small jobs of others pass the large ones of one tenant, however many those are")
    func floodOfLarge() {
        var stage = tight()
        stage.arrive(1, units: 1024, at: 1)
        for number in 100..<300 { stage.arrive(UInt64(number), units: 1024, at: 1) }
        var small = JobRequest(id: JobID(2), engine: 0, tenant: "b", units: 300)
        guard case .accepted(let actions) = stage.admit(small, at: 1.5) else { return #expect(Bool(false)) }
        #expect(actions.runs == [.run(JobID(2), slot(1))])
        stage.end(2, on: slot(1), at: 2)
        // So does a small one of their own tenant.
        (small.id, small.tenant) = (JobID(3), "a")
        guard case .accepted(let own) = stage.admit(small, at: 2.5) else { return #expect(Bool(false)) }
        #expect(own.runs == [.run(JobID(3), slot(2))])
    }

    @Test("one large text of each of many tenants holds up nobody either")
    func manyTenants() {
        var stage = tight()
        stage.arrive(1, units: 1024, at: 1)
        for number in 100..<160 {
            stage.accept(JobRequest(id: JobID(UInt64(number)), engine: 0, tenant: "\(number)", units: 1024), at: 1)
        }
        let small = JobRequest(id: JobID(2), engine: 0, tenant: "b", units: 300)
        guard case .accepted(let actions) = stage.admit(small, at: 1.5) else { return #expect(Bool(false)) }
        #expect(actions.runs == [.run(JobID(2), slot(1))])
    }

    @Test("what is kept for one that has waited for long is given to others when it has gone")
    func patienceEnds() {
        var stage = tight()
        stage.arrive(1, units: 1024, at: 1)
        stage.arrive(2, units: 1024, at: 1)
        #expect(stage.arrive(3, units: 300, at: 4).runs.isEmpty)
        #expect(stage.cancel(2, at: 5).runs == [.run(JobID(3), slot(1))])
    }

    @Test("nothing is kept on a device where the waiting one could not run anyway")
    func patienceElsewhere() {
        var configuration = PoolConfiguration.cards(2, instances: 2...2)
        configuration.memoryPatience = .seconds(2)
        var stage = Stage(loaded: configuration)
        let others = ["cuda:0": gib(6.5)]
        stage.read(foreign: others, at: 0.5)
        stage.arrive(1, units: 1024, at: 1)
        #expect(stage.pool.instances[1].busySlots == 1)
        stage.arrive(2, units: 1024, at: 1)
        #expect(stage.arrive(3, units: 300, at: 9).runs == [.run(JobID(3), slot(0))])
    }

    @Test("a job takes the device where it fits")
    func otherDevice() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        stage.read(foreign: ["cuda:0": gib(6.5)], at: 0.5)
        #expect(stage.arrive(1, units: 1024, at: 1).runs == [.run(JobID(1), slot(1))])
        #expect(stage.arrive(2, units: 300, at: 1).runs == [.run(JobID(2), slot(0))])
    }

    @Test("all slots of an instance count")
    func severalSlots() {
        var stage = Stage(loaded: .cards(instances: 1...1), slots: 3)
        stage.read(foreign: ["cuda:0": gib(5)], at: 0.5)
        #expect(stage.arrive(1, units: 1024, at: 1).runs == [.run(JobID(1), slot(0, 0))])
        #expect(stage.arrive(2, units: 1024, at: 1).runs == [.run(JobID(2), slot(0, 1))])
        #expect(stage.arrive(3, units: 128, at: 1).runs.isEmpty)
        #expect(stage.pool.ledger(of: 0)?.roomBytes == 0)
        #expect(stage.end(1, on: slot(0, 0), at: 2).runs == [.run(JobID(3), slot(0, 2))])
    }

    @Test("a job can have what its own instance keeps for its next one")
    func ownCache() {
        var stage = Stage(loaded: .cards(instances: 2...2))
        var reading = MemoryReading(taken: moment(1))
        reading.devices["cuda:0"] = DeviceMemory(totalBytes: gib(10), usedBytes: gib(8.75))
        reading.processes[process(0)] = HeldMemory(heldBytes: gib(2), ownBytes: gib(2))
        reading.processes[process(1)] = HeldMemory(heldBytes: gib(3), ownBytes: gib(3), cacheBytes: gib(1))
        stage.at(1) { $0.memoryRead(reading, now: $1) }
        #expect(stage.pool.ledger(of: 0)?.roomBytes == gib(0.25))
        #expect(stage.arrive(1, units: 1024, at: 2).runs == [.run(JobID(1), slot(1))])
    }

    @Test("a text that fits on no device, even alone, is refused at once")
    func tooLarge() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        #expect(stage.admit(1, units: 8 * 1024, at: 1) == .refused(.tooLarge(needsBytes: gib(8), hasBytes: gib(7))))
        #expect(
            stage.admit(2, units: 8 * 1024, isContinuation: true, at: 1)
                == .refused(.tooLarge(needsBytes: gib(8), hasBytes: gib(7)))
        )
        #expect(stage.arrive(3, units: 7 * 1024, at: 1).runs.count == 1)
    }

    @Test("while others use the memory, a text waits that would fit alone")
    func notTooLarge() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        stage.read(foreign: ["cuda:0": gib(6)], at: 1)
        #expect(stage.arrive(1, units: 4 * 1024, at: 2).runs.isEmpty)
        #expect(stage.pool.waitingJobs == 1)
        #expect(stage.read(at: 3).runs == [.run(JobID(1), slot(0))])
    }

    @Test("what nobody has measured yet is measured alone")
    func unknown() {
        var configuration = PoolConfiguration.cards(instances: 2...2, isMeasured: false)
        configuration.engines[0].figures["cuda:0"] = EngineFigures(floorBytes: gib(4))
        var stage = Stage(configuration)
        stage.at(0) { $0.started(now: $1) }
        for instance in 0..<2 { stage.serve(process(instance), at: 0) }
        #expect(stage.arrive(1, units: 10, at: 1).runs.count == 1)
        #expect(stage.arrive(2, units: 10, at: 1).runs.isEmpty)
        stage.peakMeasured(process(0), units: 10, bytes: gib(0.1), at: 2)
        #expect(stage.end(1, on: slot(0), at: 2).runs.count == 1)
        #expect(stage.arrive(3, units: 10, at: 3).runs.count == 1)
    }

    @Test("no more run on a device than may, however many are idle")
    func maxRunning() {
        var configuration = PoolConfiguration.cards(instances: 3...3)
        configuration.engines[0].maxRunning = 2
        var stage = Stage(loaded: configuration)
        for job in 1...3 { stage.arrive(UInt64(job), units: 128, at: 1) }
        #expect(stage.pool.running(engine: 0, device: 0) == 2)
        #expect(stage.pool.waitingJobs == 1)
        #expect(stage.end(1, on: slot(0), at: 2).runs == [.run(JobID(3), slot(2))])
    }
}
