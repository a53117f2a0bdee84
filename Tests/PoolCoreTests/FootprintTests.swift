@testable import PoolCore
import Testing

/// What is known of a process's memory.
@Suite struct FootprintTests {
    private func read(
        _ footprint: inout Footprint,
        _ held: Double,
        own: Double? = nil,
        cache: Double = 0,
        isServing: Bool = true,
        isIdle: Bool = true,
        peak: Double? = 0,
        isWarm: Bool = true
    ) {
        let memory = HeldMemory(heldBytes: gib(held), ownBytes: gib(own ?? held), cacheBytes: gib(cache))
        footprint.read(
            memory,
            taken: .start,
            isServing: isServing,
            isIdle: isIdle,
            peakBytes: peak.map(gib),
            isWarm: isWarm,
            isQuiet: isIdle
        )
    }

    @Test("its floor is what it holds when it has nothing to do")
    func idle() {
        var footprint = Footprint()
        #expect(footprint.floorBytes == nil)
        read(&footprint, 1, isServing: false)
        #expect(footprint.floorBytes == nil)
        #expect(footprint.heldBytes == gib(1))
        read(&footprint, 3, isIdle: false)
        read(&footprint, 2)
        #expect(footprint.floorBytes == gib(2))
        read(&footprint, 2.5)
        #expect(footprint.floorBytes == gib(2.5))
    }

    @Test("what it keeps for its next job is held, but is not its floor")
    func cache() {
        var footprint = Footprint()
        read(&footprint, 3, cache: 1)
        #expect(footprint.floorBytes == gib(2))
        #expect(footprint.heldBytes == gib(3))
        #expect(footprint.quietBytes == gib(3))
    }

    @Test("of one that is never idle, it is the least of the last eight readings")
    func busy() {
        var footprint = Footprint()
        for held in [5.0, 4, 6, 5, 5, 5, 5, 5] { read(&footprint, held, isIdle: false) }
        #expect(footprint.floorBytes == gib(4))
        for _ in 0..<8 { read(&footprint, 6, isIdle: false) }
        #expect(footprint.floorBytes == gib(6))
    }

    @Test("a floor that has grown by more than a fifth, and more than 256 MiB, means that memory is lost")
    func creep() {
        var footprint = Footprint()
        read(&footprint, 1, isWarm: false)
        read(&footprint, 2)
        for held in [2.1, 2.2, 2.4] {
            read(&footprint, held)
            #expect(!footprint.creeps)
        }
        read(&footprint, 2.41)
        #expect(footprint.creeps)

        var small = Footprint()
        read(&small, 0.5)
        read(&small, 0.74)
        #expect(!small.creeps)
        read(&small, 0.76)
        #expect(small.creeps)
    }

    @Test("what jobs need is not taken for a loss, however long they run")
    func longJob() {
        var footprint = Footprint()
        read(&footprint, 2)
        for _ in 0..<20 { read(&footprint, 4, isIdle: false, peak: 2) }
        #expect(!footprint.creeps)
        // Who changed its jobs since it was read is not judged.
        read(&footprint, 4, isIdle: false, peak: nil)
        #expect(!footprint.creeps)
    }

    @Test("a loss is seen in one that is never idle as well, when it holds more than its jobs can need")
    func creepUnderLoad() {
        var footprint = Footprint()
        read(&footprint, 2)
        read(&footprint, 4.3, isIdle: false, peak: 2)
        #expect(!footprint.creeps)
        read(&footprint, 4.5, isIdle: false, peak: 2)
        #expect(footprint.creeps)
    }

    @Test("when one that shared with it goes, its share grows, and that is no loss")
    func share() {
        var footprint = Footprint()
        read(&footprint, 2, own: 1)
        footprint.share(withFewer: 1)
        #expect(footprint.heldBytes == gib(3))
        #expect(footprint.floorBytes == gib(3))
        #expect(footprint.warmFloorBytes == gib(3))
        read(&footprint, 3)
        #expect(!footprint.creeps)
    }
}
