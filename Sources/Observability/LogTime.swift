import Glibc

/// A moment, to the millisecond.
struct LogTime: Sendable, CustomStringConvertible {
    /// Since 1970.
    var seconds: Int
    /// 0 to 999.
    var milliseconds: Int

    /// What the machine's clock says.
    static var now: LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// As RFC 3339 writes it, in UTC: `2026-01-31T23:59:59.123Z`.
    var description: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(unsafeUninitializedCapacity: 24) { text in
            var end = 0
            func add(_ number: Int, digits: Int, then mark: Unicode.Scalar) {
                var rest = number
                for place in stride(from: end + digits - 1, through: end, by: -1) {
                    text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                text[end + digits] = UInt8(ascii: mark)
                end += digits + 1
            }
            add(Int(parts.tm_year) + 1900, digits: 4, then: "-")
            add(Int(parts.tm_mon) + 1, digits: 2, then: "-")
            add(Int(parts.tm_mday), digits: 2, then: "T")
            add(Int(parts.tm_hour), digits: 2, then: ":")
            add(Int(parts.tm_min), digits: 2, then: ":")
            add(Int(parts.tm_sec), digits: 2, then: ".")
            add(milliseconds, digits: 3, then: "Z")
            return end
        }
    }
}
