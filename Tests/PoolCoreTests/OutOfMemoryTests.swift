@testable import PoolCore
import Testing

/// Jobs for which an instance had too little memory.
@Suite struct OutOfMemoryTests {
    private func predicted(_ stage: Stage, units: Int, device: Int = 0) -> Int {
        stage.pool.figures[0][device].peak(units: units)
    }

    @Test("such a size is predicted to need half as much again from then on")
    func prediction() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        stage.arrive(1, units: 512, at: 1)
        stage.end(1, on: slot(0), .outOfMemory, canRestart: false, at: 2)
        #expect(predicted(stage, units: 512) >= gib(0.75))
    }

    @Test("no failure, however often it comes, is predicted to need more than there is")
    func bounded() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        for job in 1...200 {
            stage.arrive(UInt64(job), units: 512, at: Double(job))
            stage.end(UInt64(job), on: slot(0), .outOfMemory, canRestart: false, at: Double(job) + 0.5)
        }
        #expect(predicted(stage, units: 512) <= gib(20))
    }

    @Test("the job runs again on another device")
    func otherDevice() {
        var stage = Stage(loaded: .cards(2, instances: 3...3))
        #expect(stage.pool.instances.map(\.device) == [0, 1, 0])
        #expect(stage.arrive(1, units: 512, at: 1).runs == [.run(JobID(1), slot(0))])
        #expect(stage.end(1, on: slot(0), .outOfMemory, at: 2).runs == [.run(JobID(1), slot(1))])
        #expect(stage.end(1, on: slot(1), at: 3) == [.end(JobID(1), .completed)])
    }

    @Test("it waits for another device that serves, however busy that is")
    func waitsForOtherDevice() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        stage.arrive(1, units: 512, at: 1)
        stage.arrive(2, units: 512, at: 1)
        #expect(stage.end(1, on: slot(0), .outOfMemory, at: 2).runs.isEmpty)
        #expect(stage.arrive(3, units: 512, at: 3).runs == [.run(JobID(3), slot(0))])
        #expect(stage.end(2, on: slot(1), at: 4).runs == [.run(JobID(1), slot(1))])
    }

    @Test("it does not wait for another device where it could not run")
    func otherDeviceTooSmall() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        stage.read(foreign: ["cuda:1": gib(6.75)], at: 0.5)
        stage.arrive(1, units: 512, at: 1)
        #expect(stage.end(1, on: slot(0), .outOfMemory, at: 2).runs == [.run(JobID(1), slot(0))])
    }

    @Test("where there is no other device it runs again when nothing else runs there, and nothing is started beside it")
    func alone() {
        var stage = Stage(loaded: .cards(instances: 3...3))
        stage.arrive(1, units: 128, at: 1)
        stage.arrive(2, units: 128, at: 1)
        #expect(stage.end(1, on: slot(0), .outOfMemory, at: 2).runs.isEmpty)
        #expect(stage.arrive(3, units: 128, at: 2.5).runs == [.run(JobID(3), slot(2))])
        #expect(stage.end(2, on: slot(1), at: 3).runs.isEmpty)
        let last = stage.end(3, on: slot(2), at: 4).runs
        #expect(last == [.run(JobID(1), slot(1))])
        #expect(stage.arrive(4, units: 128, at: 5).runs.isEmpty)
        #expect(stage.end(1, on: slot(1), at: 6).runs == [.run(JobID(4), slot(0))])
    }

    @Test("others do not pass it for ever")
    func aloneInTheEnd() {
        var configuration = PoolConfiguration.cards(instances: 3...3)
        configuration.memoryPatience = .seconds(2)
        var stage = Stage(loaded: configuration)
        stage.arrive(1, units: 128, at: 1)
        stage.arrive(2, units: 128, at: 1)
        stage.end(1, on: slot(0), .outOfMemory, at: 2)
        #expect(stage.arrive(3, units: 128, at: 3).runs.count == 1)
        #expect(stage.end(3, on: slot(2), at: 3.5).runs.isEmpty)
        #expect(stage.arrive(4, units: 128, at: 4).runs.isEmpty)
        #expect(stage.end(2, on: slot(1), at: 5).runs == [.run(JobID(1), slot(2))])
    }

    @Test("it gets its second chance even if it is predicted not to fit")
    func secondChance() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        stage.arrive(1, units: 6 * 1024, at: 1)
        #expect(stage.end(1, on: slot(0), .outOfMemory, at: 2).runs == [.run(JobID(1), slot(0))])
        #expect(stage.end(1, on: slot(0), at: 3) == [.end(JobID(1), .completed)])
    }

    @Test("others of that size that wait end with the reason")
    func tooLargeByNow() {
        var stage = Stage(loaded: .cards(instances: 1...1))
        stage.arrive(1, units: 6 * 1024, at: 1)
        stage.arrive(2, units: 6 * 1024, at: 1)
        stage.end(1, on: slot(0), .outOfMemory, at: 2)
        let ends = stage.end(1, on: slot(0), at: 3).ends
        #expect(ends.first == .end(JobID(1), .completed))
        guard case .end(JobID(2), .tooLarge)? = ends.last else {
            Issue.record("it does not end: \(ends)")
            return
        }
    }

    @Test("the second time it fails")
    func secondTime() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        stage.arrive(1, units: 128, at: 1)
        stage.end(1, on: slot(0), .outOfMemory, at: 2)
        #expect(stage.end(1, on: slot(1), .outOfMemory, at: 3) == [.end(JobID(1), .failed)])
    }

    @Test("a job of which something was heard fails at once")
    func cannotRestart() {
        var stage = Stage(loaded: .cards(2, instances: 2...2))
        stage.arrive(1, units: 128, at: 1)
        #expect(
            stage.end(1, on: slot(0), .outOfMemory, canRestart: false, at: 2) == [.end(JobID(1), .failed)]
        )
    }

    @Test("nobody else fails for it")
    func nobodyElse() {
        var stage = Stage(loaded: .cards(instances: 3...3))
        for job in 1...3 { stage.arrive(UInt64(job), units: 128, at: 1) }
        stage.end(1, on: slot(0), .outOfMemory, at: 2)
        #expect(stage.ready == 3)
        #expect(stage.end(2, on: slot(1), at: 3) == [.end(JobID(2), .completed)])
        #expect(stage.end(3, on: slot(2), at: 3).ends == [.end(JobID(3), .completed)])
    }
}
