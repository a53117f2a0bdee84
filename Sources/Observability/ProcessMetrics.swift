import FoundationEssentials
import Glibc

/// What the system knows of this process, under the names that all Prometheus client libraries use.
struct ProcessMetrics: Equatable {
    /// The names under which it is shown.
    static let names = [
        "process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds",
        "process_virtual_memory_bytes",
    ]

    /// User and system time together.
    var cpuSeconds: Double
    var openFiles: Int
    var residentBytes: Int
    /// Since 1970.
    var startSeconds: Double
    var virtualBytes: Int

    /// Asks the system.
    /// - Returns: `nil` where `/proc` is not there or not as expected.
    static func current() -> ProcessMetrics? {
        guard let process = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let system = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        return ProcessMetrics(
            processStat: process,
            systemStat: system,
            openFiles: files.count - 1,  // One of them was open only to count them.
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: sysconf(Int32(_SC_PAGESIZE))
        )
    }

    /// Understands the texts of `/proc/self/stat` and `/proc/stat`, as proc(5) describes them.
    init?(processStat: String, systemStat: String, openFiles: Int, ticksPerSecond: Double, pageBytes: Int) {
        // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
        guard let nameEnd = processStat.lastIndex(of: ")") else { return nil }
        let fields = processStat[nameEnd...].dropFirst().split(whereSeparator: \.isWhitespace)
        func field(_ number: Int) -> Int? { number - 3 < fields.count ? Int(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let size = field(23),
            let pages = field(24),
            let boot = systemStat.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootSeconds = Double(boot.dropFirst("btime ".count))
        else { return nil }
        cpuSeconds = Double(user + system) / ticksPerSecond
        self.openFiles = openFiles
        residentBytes = pages * pageBytes
        startSeconds = bootSeconds + Double(start) / ticksPerSecond
        virtualBytes = size
    }

    func write(to page: inout PrometheusPage) {
        func add(_ name: String, _ type: MetricType, _ value: Double, _ help: String) {
            page.begin(name, type, help: help)
            page.add(name, value)
        }
        add("process_cpu_seconds_total", .counter, cpuSeconds, "User and system time of this process in seconds.")
        add("process_open_fds", .gauge, Double(openFiles), "Open file descriptors.")
        add("process_resident_memory_bytes", .gauge, Double(residentBytes), "Resident memory in bytes.")
        add("process_start_time_seconds", .gauge, startSeconds, "When this process began, in seconds since 1970.")
        add("process_virtual_memory_bytes", .gauge, Double(virtualBytes), "Virtual memory in bytes.")
    }
}
