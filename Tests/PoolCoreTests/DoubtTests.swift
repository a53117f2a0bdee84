import PoolCore
import Testing

/// Audio that is not believed.
@Suite struct DoubtTests {
    /// Two instances that have shown 32 times that a text of ten units lasts a second.
    private func experienced(instances: Int = 2) -> Stage {
        var stage = Stage(ready: instances)
        for number in 100..<132 {
            guard case .run(let job, let slot)? = arrive(&stage, UInt64(number), at: 0) else { continue }
            stage.at(0) {
                $0.jobEnded(job, on: slot, outcome: .completed, audio: .seconds(1), now: $1)
            }
        }
        return stage
    }

    private func arrive(_ stage: inout Stage, _ number: UInt64, at seconds: Double) -> PoolAction? {
        guard
            case .accepted(let actions) = stage.admit(
                JobRequest(id: JobID(number), engine: 0, tenant: "a", units: 10),
                at: seconds
            )
        else { return nil }
        return stage.note(actions).last
    }

    @Test("half as long, twice as long and silence are doubted; about as long is not")
    func plausible() throws {
        var stage = experienced()
        guard case .run(let job, let slot)? = arrive(&stage, 1, at: 1) else { return #expect(Bool(false)) }
        func doubts(_ seconds: Double, isSound: Bool = true) -> Bool {
            stage.pool.doubts(job, on: slot, audio: .seconds(seconds), isSound: isSound)
        }
        #expect(doubts(0.5) && doubts(2) && doubts(0) && doubts(1, isSound: false))
        #expect(!doubts(0.9) && !doubts(1.2))
    }

    @Test("nothing is doubted that no other instance could make, nor by who has seen little")
    func noOther() {
        var alone = experienced(instances: 1)
        guard case .run(let job, let slot)? = arrive(&alone, 1, at: 1) else { return #expect(Bool(false)) }
        #expect(!alone.pool.doubts(job, on: slot, audio: .zero, isSound: false))
        var young = Stage(ready: 2)
        guard case .run(let first, let place)? = arrive(&young, 1, at: 1) else { return #expect(Bool(false)) }
        #expect(!young.pool.doubts(first, on: place, audio: .seconds(9), isSound: true))
        #expect(young.pool.doubts(first, on: place, audio: .zero, isSound: false))
    }

    @Test("one piece that was wrong and was believed makes no other one believable")
    func oneWrong() throws {
        var stage = Stage(ready: 2)
        for number in 100..<120 {
            guard case .run(let job, let slot)? = arrive(&stage, UInt64(number), at: 0) else { continue }
            let seconds = number == 105 ? 0.1 : 1
            stage.at(0) { $0.jobEnded(job, on: slot, outcome: .completed, audio: .seconds(seconds), now: $1) }
        }
        guard case .run(let job, let slot)? = arrive(&stage, 1, at: 1) else { return #expect(Bool(false)) }
        #expect(stage.pool.doubts(job, on: slot, audio: .seconds(0.1), isSound: true))
        #expect(!stage.pool.doubts(job, on: slot, audio: .seconds(1), isSound: true))
    }

    @Test("what another instance makes alike is right: it is not doubted twice, and nobody made a mistake")
    func agreed() {
        var stage = experienced()
        guard case .run(let job, let first)? = arrive(&stage, 1, at: 1) else { return #expect(Bool(false)) }
        guard case .run(_, let second)? = stage.end(1, on: first, .doubtful, at: 2).last else {
            return #expect(Bool(false))
        }
        #expect(second.process != first.process)
        #expect(!stage.pool.doubts(job, on: second, audio: .seconds(0.3), isSound: true))
        stage.at(3) { $0.jobEnded(job, on: second, outcome: .completed, audio: .seconds(0.3), now: $1) }
        #expect(stage.pool.instances.allSatisfy { $0.badSegments == 0 })
    }

    @Test("an instance that others put right again and again is replaced, and only that one")
    func standsOut() {
        var stage = experienced(instances: 3)
        var number: UInt64 = 0
        while stage.pool.instances[0].badSegments < 3, number < 100 {
            number += 1
            guard case .run(let job, let slot)? = arrive(&stage, number, at: 1) else { return #expect(Bool(false)) }
            if slot.process != process(0) {
                stage.at(1) { $0.jobEnded(job, on: slot, outcome: .completed, audio: .seconds(1), now: $1) }
                continue
            }
            guard case .run(_, let other)? = stage.end(number, on: slot, .doubtful, at: 1).last else {
                return #expect(Bool(false))
            }
            stage.at(1) { $0.jobEnded(job, on: other, outcome: .completed, audio: .seconds(1), now: $1) }
        }
        #expect(stage.pool.instances.map(\.badSegments) == [3, 0, 0])
        #expect(stage.at(2) { $0.timePassed(now: $1) } == [.spawn(process(3), engine: 0, device: "cpu")])
        stage.serve(process(3), at: 3)
        #expect(!stage.pool.instances[0].isReady && stage.pool.instances[1].isReady && stage.pool.instances[2].isReady)
    }
}
