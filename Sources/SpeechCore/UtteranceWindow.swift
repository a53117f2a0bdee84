/// Which segments of an utterance are submitted, and when: the first alone until it is admitted, then a window of them.
///
/// It is pure: it is told what happened and says what to do next. The pipeline and the traffic simulator run the same
/// value.
package struct UtteranceWindow: Sendable {
    /// Segments of the utterance.
    package let count: Int
    /// Segments that may be outstanding at once, the head among them.
    package let width: Int
    /// The segment to submit next.
    private var next = 0
    /// Segments that are submitted and not read to their end. The head is the first of them.
    private var outstanding = 0
    /// Whether the first segment has a place, so that what follows is not refused.
    private var isAdmitted = false

    /// Nothing is submitted yet.
    package init(count: Int, width: Int) {
        self.count = count
        self.width = max(1, width)
    }

    /// Whether every segment has been submitted and read.
    package var isDone: Bool { next == count && outstanding == 0 }

    /// Permits held: one for each outstanding segment beyond the head.
    private var permits: Int { max(0, outstanding - 1) }

    /// Decides whether another segment is submitted now.
    /// - Parameters:
    ///   - isHeadRead: the head has not failed, and its reader keeps up. It does not matter without a head.
    ///   - takePermit: takes a permit for a segment beyond the head, if one is left.
    /// - Returns: the segment to submit, which counts as outstanding from now on.
    package mutating func submitNext(isHeadRead: Bool, takePermit: () -> Bool) -> Int? {
        guard next < count, next == 0 || isAdmitted, outstanding < width else { return nil }
        if outstanding > 0 {
            guard isHeadRead, takePermit() else { return nil }
        }
        outstanding += 1
        defer { next += 1 }
        return next
    }

    /// The first segment has a place.
    package mutating func admitted() { isAdmitted = true }

    /// The head has been read to its end. The next one, which is the head now, needs its permit no more.
    /// - Returns: permits to give back.
    package mutating func headRead() -> Int {
        // A segment that has been read had a place.
        isAdmitted = true
        defer { outstanding -= 1 }
        return min(permits, 1)
    }

    /// Nothing more of the utterance is wanted.
    /// - Returns: permits to give back.
    package mutating func end() -> Int {
        defer { (next, outstanding) = (count, 0) }
        return permits
    }
}

extension UtteranceWindow {
    /// Segments that all utterances together may have outstanding beyond their heads: enough that every slot has a next
    /// segment waiting, and that a small pool still overlaps its utterances.
    package static func permits(slots: Int) -> Int { max(8, 2 * slots) }

    /// How many segments are submitted as soon as the first is admitted, if nothing else changes.
    /// - Parameters:
    ///   - later: segments that follow it.
    ///   - permits: permits that are left.
    package static func atOnce(later: Int, width: Int, permits: Int) -> Int { max(0, min(later, width - 1, permits)) }
}
