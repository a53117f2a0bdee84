import CLibAV
import Glibc

/// Gives the pages of an allocation that hold nothing but zeros back to the system, which makes new ones should they be
/// needed. What the memory contains does not change.
///
/// libav's encoders clear, and so occupy, room for the longest blocks and the most channels there are: 6.7 MB for FLAC,
/// of which one voice uses less than a tenth.
/// - Parameter allocation: made by `malloc`, whose memory is private and backed by no file.
func releaseZeroPages(of allocation: UnsafeMutableRawPointer) {
    let pageSize = sysconf(Int32(_SC_PAGESIZE))
    let end = allocation + malloc_usable_size(allocation)
    var page = allocation.alignedUp(toMultipleOf: pageSize)
    var run = page
    while page + pageSize <= end {
        let words = UnsafeRawBufferPointer(start: page, count: pageSize).assumingMemoryBound(to: UInt64.self)
        if words.contains(where: { $0 != 0 }) {
            release(run..<page)
            run = page + pageSize
        }
        page += pageSize
    }
    release(run..<page)
}

/// A refusal costs memory and nothing else.
private func release(_ pages: Range<UnsafeMutableRawPointer>) {
    let count = pages.upperBound - pages.lowerBound
    if count > 0 { madvise(pages.lowerBound, count, MADV_DONTNEED) }
}
