@testable import PoolCore
import Testing

/// Others take memory, and processes lose it.
@Suite struct MemoryTroubleTests {
    @Test("others that take 4 GiB change what runs, but nobody goes while something of the reserve is left")
    func withinReserve() {
        var stage = Stage(loaded: .cards(instances: 1...8))
        #expect(stage.ready == 3)
        let others = ["cuda:0": gib(3.9)]
        #expect(stage.read(foreign: others, at: 1) == [])
        #expect(stage.arrive(1, units: 128, at: 2).runs.isEmpty)
        #expect(stage.ready == 3)
        #expect(stage.read(at: 3).runs == [.run(JobID(1), slot(0))])
    }

    @Test("when the reserve is gone, who has done nothing for longest goes, never below the least number")
    func roomNeeded() {
        var stage = Stage(loaded: .cards(instances: 2...8))
        #expect(stage.ready == 3)
        stage.arrive(1, units: 128, at: 1)
        stage.end(1, on: slot(0), at: 2)
        let others = ["cuda:0": gib(4)]
        let read = stage.read(foreign: others, at: 3)
        #expect(read == [.set(.terminate(process(1)), 6), .terminate(process(1), because: .roomNeeded)])
        // Until it has gone and that has been read, nobody else has to go.
        #expect(stage.read(foreign: others, at: 4).terminations.isEmpty)
        stage.exit(process(1), at: 5)
        #expect(stage.read(foreign: others, taken: 4.9, at: 5.1).terminations.isEmpty)
        #expect(stage.pool.instances[1].state == .vacant)
        // It takes even more, but two are the least.
        #expect(stage.read(foreign: ["cuda:0": gib(6)], at: 6).terminations.isEmpty)
        #expect(stage.ready == 2)
        // They have gone, and it comes back.
        #expect(stage.read(at: 7).spawns == [process(1, 2)])
    }

    @Test("nobody goes who has something to do")
    func busy() {
        var stage = Stage(loaded: .cards(instances: 1...8))
        for job in 1...3 { stage.arrive(UInt64(job), units: 128, at: 1) }
        #expect(stage.read(foreign: ["cuda:0": gib(5)], at: 2).terminations.isEmpty)
        stage.end(3, on: slot(2), at: 3)
        #expect(
            stage.read(foreign: ["cuda:0": gib(5)], at: 4).terminations == [
                .terminate(process(2), because: .roomNeeded)
            ]
        )
    }

    @Test("a process that cannot be read is not taken for others' use")
    func unread() {
        var stage = Stage(loaded: .cards(instances: 1...8))
        let held: [ProcessID: Int?] = [process(0): nil, process(1): nil]
        #expect(stage.read(held, foreign: ["cuda:0": gib(2)], at: 1).terminations.isEmpty)
    }

    /// Lets an instance do so many jobs, each of which leaves something behind, and reads after each.
    private func leak(_ stage: inout Stage, on slot: SlotID, jobs: ClosedRange<UInt64>, bytes: Int) -> [PoolAction] {
        var actions: [PoolAction] = []
        for job in jobs {
            let moment = Double(job)
            stage.arrive(job, units: 128, at: moment)
            stage.end(job, on: slot, at: moment + 0.2)
            actions = stage.read([slot.process: gib(2) + Int(job) * bytes], at: moment + 0.4)
            if !actions.terminations.isEmpty { break }
        }
        return actions
    }

    @Test("one that loses 200 MiB with each job is replaced between two jobs before it has all")
    func creep() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        let actions = leak(&stage, on: slot(0), jobs: 1...20, bytes: 200 << 20)
        #expect(actions.terminations == [.terminate(process(0), because: .memoryCreeps)])
        #expect(stage.pool.instances[0].footprint.heldBytes < gib(4))
        #expect(stage.arrive(30, units: 128, at: 30).runs.isEmpty)
        // It did nothing wrong, so it is made again without a wait.
        #expect(stage.exit(process(0), at: 31).spawns == [process(0, 2)])
        stage.serve(process(0, 2), at: 33)
        #expect(stage.pool.instances[0].footprint.warmFloorBytes == nil)
        #expect(stage.pool.instances[0].slots[0].state == .busy(JobID(30)))
    }

    @Test("it finishes what it has, and gets no more")
    func drains() {
        var stage = Stage(loaded: .cards(instances: 1...1), slots: 3)
        for job in 1...3 {
            stage.arrive(UInt64(job), units: 128, at: 1)
            stage.end(UInt64(job), on: slot(0, job - 1), at: 1)
        }
        stage.read(at: 2)
        stage.arrive(4, units: 128, at: 3)
        stage.arrive(5, units: 128, at: 3)
        #expect(stage.read([process(0): gib(3)], at: 4).terminations.isEmpty)
        #expect(stage.pool.instances[0].state == .draining)
        #expect(stage.arrive(6, units: 128, at: 5).runs.isEmpty)
        #expect(stage.end(4, on: slot(0, 0), at: 6) == [.end(JobID(4), .completed)])
        // The last one leaves; nobody waits for what its worker still does.
        let leave = stage.cancel(5, at: 7)
        #expect(leave.terminations == [.terminate(process(0), because: .memoryCreeps)])
        #expect(leave.ends == [.end(JobID(5), .cancelled)])
    }

    @Test("of several that lose memory one at a time is replaced")
    func oneAtATime() {
        var stage = Stage(loaded: .cards(instances: 2...2))
        for round in 1...3 {
            for instance in 0..<2 { stage.arrive(UInt64(2 * round + instance), units: 128, at: Double(round)) }
            for instance in 0..<2 {
                stage.end(UInt64(2 * round + instance), on: slot(instance), at: Double(round) + 0.5)
            }
        }
        stage.read(at: 10)
        let grown: [ProcessID: Int?] = [process(0): gib(2.6), process(1): gib(2.6)]
        #expect(stage.read(grown, at: 11).terminations == [.terminate(process(0), because: .memoryCreeps)])
        #expect(stage.read(grown, at: 12).terminations.isEmpty)
        stage.exit(process(0), at: 13)
        #expect(stage.read(grown, at: 14).terminations.isEmpty)
        #expect(stage.pool.instances[0].state == .starting)
        stage.serve(process(0, 2), at: 15)
        #expect(stage.read(grown, at: 16).terminations == [.terminate(process(1), because: .memoryCreeps)])
    }

    @Test("who holds more than it may goes when the reserve is gone, whatever it does")
    func overBudget() {
        var stage = Stage(loaded: .cards(instances: 2...2))
        stage.arrive(1, units: 128, at: 1)
        let held: [ProcessID: Int?] = [process(0): gib(4.5)]
        #expect(stage.read(held, at: 2).terminations.isEmpty)
        let read = stage.read(held, foreign: ["cuda:0": gib(3.5)], at: 3)
        #expect(read.terminations == [.terminate(process(0), because: .overBudget)])
        #expect(stage.close(slot(0), at: 4).runs.isEmpty)
        #expect(stage.exit(process(0), at: 4).ends.isEmpty)
        #expect(stage.read(foreign: ["cuda:0": gib(3.5)], at: 5).runs == [.run(JobID(1), slot(1))])
    }

    @Test("under pressure bulk work is shed, and nothing else")
    func pressure() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        stage.arrive(1, units: 128, jobClass: .bulk, at: 1)
        stage.arrive(2, units: 128, jobClass: .bulk, at: 1)
        stage.arrive(3, units: 128, jobClass: .standard, at: 1)
        stage.arrive(4, units: 128, jobClass: .interactive, at: 1)
        #expect(stage.read(pressure: 0.1, at: 2).ends.isEmpty)
        let shed = stage.read(pressure: 0.11, at: 3).ends
        #expect(shed.count == 1)
        guard case .end(JobID(2), .shed(let wait))? = shed.first else {
            Issue.record("not shed: \(shed)")
            return
        }
        #expect((0.8...72).contains(wait / .seconds(1)))
        guard case .refused(.shed) = stage.admit(5, units: 128, jobClass: .bulk, at: 4) else {
            Issue.record("not refused")
            return
        }
        #expect(stage.pool.waitingJobs == 2)
        #expect(stage.end(1, on: slot(0), at: 5).ends == [.end(JobID(1), .completed)])
        stage.read(at: 6)
        stage.arrive(6, units: 128, jobClass: .bulk, at: 7)
        #expect(stage.pool.waitingJobs == 2)
    }
}
