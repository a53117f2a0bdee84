import Glibc
import PoolCore
import SpeechTestSupport
import TestTraits
import Testing

/// Random lives of random pools. `CHORUS_SEEDS=n` walks more of them, `CHORUS_SEED=n` only that one.
@Suite(.ownThread) struct RandomWalkTests {
    /// What the walks have to come across, or they prove little.
    private static let wanted: Set<String> = [
        "completed", "failed", "instanceLost", "waitedTooLong", "cancelled", "shutDown",
        "deadlineExceeded", "deadlineExceededAtOnce", "deadlineTooEarly", "standingQueue",
        "queueFull", "waitTooLong", "quarantined", "quarantinedAtOnce", "tenantLimit", "shuttingDown", "shed",
        "shedAtOnce", "tooLargeAtOnce",
        "retry", "retry for memory", "interrupt", "measure", "limit", "kill", "drained",
        "terminate: poolEnds", "terminate: roomNeeded", "terminate: memoryCreeps", "terminate: overBudget",
        "terminate: replaced", "terminate: recycled", "terminate: asked",
        "abort", "ask", "rehearse", "parked", "rolled back", "unavailable", "unavailableAtOnce",
    ]

    @Test("the pool keeps its rules whatever the world does", arguments: batches)
    func walk(seeds: Range<UInt64>) {
        // Said at once, because a crash would say nothing of its seed.
        print("Random walks of the seeds \(seeds) begin.")
        fflush(nil)
        var seen: Set<String> = []
        var events = 0
        for seed in seeds {
            var walk = PoolSimulator.RandomWalk(seed: seed)
            do throws(PoolSimulator.Violation) {
                try walk.run()
            } catch {
                Issue.record("CHORUS_SEED=\(seed): \(error)")
            }
            seen.formUnion(walk.seen)
            events += walk.events
        }
        print("Random walks of the seeds \(seeds) made \(events) events.")
        if seeds.count == Self.batch { #expect(Self.wanted.subtracting(seen) == []) }
    }

    /// Each showed a fault once: of the pool, or of what is expected of it.
    @Test("lives that broke a rule once do not any more", arguments: [208, 517, 6961, 7749, 13714, 14655] as [UInt64])
    func mended(seed: UInt64) {
        var walk = PoolSimulator.RandomWalk(seed: seed)
        do throws(PoolSimulator.Violation) {
            try walk.run()
        } catch {
            Issue.record("CHORUS_SEED=\(seed): \(error)")
        }
    }

    /// Seeds of one test case.
    private static let batch = 200

    private static let batches: [Range<UInt64>] = {
        func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
        if let seed = number("CHORUS_SEED") { return [seed..<seed + 1] }
        let end = (number("CHORUS_SEEDS") ?? 200) + 1
        return stride(from: 1, to: end, by: batch).map { $0..<min($0 + UInt64(batch), end) }
    }()
}
