/// Something that bounds the memory of this process and of those it starts: the machine, or a control group.
struct MemoryBound: Equatable {
    /// Whose it is, for people: `the machine`, or the group's directory.
    var owner: String
    /// What may be used in all, in bytes.
    var limitBytes: Int
    /// What can still be had of that, in bytes; never below 0.
    var roomBytes: Int

    /// This and other bounds as one: what the smallest holds, and the room that is left within all of them.
    func tightened(by others: [MemoryBound]) -> MemoryBound {
        others.reduce(self) { tightest, other in
            var smaller = other.limitBytes < tightest.limitBytes ? other : tightest
            smaller.roomBytes = min(tightest.roomBytes, other.roomBytes)
            return smaller
        }
    }
}
