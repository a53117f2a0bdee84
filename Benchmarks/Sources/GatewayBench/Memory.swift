import BenchSupport
import FoundationEssentials
import Glibc

/// The memory of a process, in MB (10⁶ bytes).
struct Memory {
    /// All that it has in memory, what it shares with others included.
    var resident: Double
    /// What it alone has written: no other process shares it, and the kernel cannot just drop it. Code of the program that nobody
    /// else happens to run is not counted.
    var privateDirty: Double

    /// Reads it from `/proc`.
    init(of pid: pid_t) throws {
        resident = try Self.field("Rss", of: pid)
        privateDirty = try Self.field("Private_Dirty", of: pid)
    }

    private static func field(_ name: String, of pid: pid_t) throws -> Double {
        let path = "/proc/\(pid)/smaps_rollup"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
            if let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
                return kibibytes * 1_024 / 1_000_000
            }
        }
        throw BenchError("\(path) has no field \(name)")
    }
}
