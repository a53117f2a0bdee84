/// Samples in their order, as their number and a digest of them: enough to tell whether others are the same.
///
/// The digest is FNV-1a (Fowler, Noll, Vo) over samples instead of bytes. It tells a mistake, not a forgery.
package struct AudioTally: Sendable, Equatable {
    /// How many.
    package private(set) var samples = 0
    private var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    /// Takes in what follows.
    package mutating func add(_ more: some Collection<Int16>) {
        samples += more.count
        for sample in more {
            digest = (digest ^ UInt64(UInt16(bitPattern: sample))) &* 0x100_0000_01b3
        }
    }
}
