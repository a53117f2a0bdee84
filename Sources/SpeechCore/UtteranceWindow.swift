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
    package private(set) var next = 0
    /// Segments that are submitted and not read to their end. The head is the first of them.
    package private(set) var outstanding = 0
    /// Permits held: one for each outstanding segment beyond the head.
    package private(set) var permits = 0
    /// Whether the first segment has a place, so that what follows is not refused.
    package private(set) var isAdmitted = false

    /// Nothing is submitted yet.
    package init(count: Int, width: Int) {
        self.count = count
        self.width = max(1, width)
    }

    /// Whether every segment has been submitted and read.
    package var isDone: Bool { next == count && outstanding == 0 }

    /// Decides whether another segment is submitted now.
    /// - Parameters:
    ///   - isHeadRead: the head has not failed, and its reader keeps up. It does not matter without a head.
    ///   - takePermit: takes a permit for a segment beyond the head, if one is left.
    /// - Returns: the segment to submit, which counts as outstanding from now on.
    package mutating func submitNext(isHeadRead: Bool, takePermit: () -> Bool) -> Int? {
        guard next < count, next == 0 || isAdmitted, outstanding < width else { return nil }
        if outstanding > 0 {
            guard isHeadRead, takePermit() else { return nil }
            permits += 1
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
        outstanding -= 1
        let returned = min(permits, 1)
        permits -= returned
        return returned
    }

    /// Nothing more of the utterance is wanted.
    /// - Returns: permits to give back.
    package mutating func end() -> Int {
        defer { (next, outstanding, permits) = (count, 0, 0) }
        return permits
    }
}
