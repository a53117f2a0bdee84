/// The control groups that we are in, where systems mount them: version 2, and version 1's for memory.
struct ControlGroups {
    private let files: KernelFiles
    /// Our version 2 group's directory, then those around it.
    private let unified: [String]
    /// The same of version 1's hierarchy for memory.
    private let memory: [String]

    init(in files: KernelFiles) {
        self.files = files
        // Lines such as `0::/a/b` for version 2 and `4:cpu,memory:/a/b` for version 1.
        let lines = files.text(at: "/proc/self/cgroup")?.split(separator: "\n") ?? []
        let groups = lines.map { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false) }
            .filter { $0.count == 3 }
        let mount = files.exists("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified"
        unified = groups.first { $0[0] == "0" }.map { Self.directories(of: $0[2], below: mount) } ?? []
        memory =
            groups.first { $0[1].split(separator: ",").contains("memory") }
            .map { Self.directories(of: $0[2], below: "/sys/fs/cgroup/memory") } ?? []
    }

    /// From a group's directory up to where the hierarchy is mounted.
    ///
    /// Those that a container does not show are not there; its mount's own directory then is the container's group. A
    /// group outside of our namespace, `/../other`, shows nothing but the mount either.
    private static func directories(of group: Substring, below mount: String) -> [String] {
        var directories = [mount]
        for part in group.split(separator: "/") {
            directories.append("\(directories[directories.count - 1])/\(part)")
        }
        return directories.reversed()
    }

    /// The limits that are set on us, by our own group or by any around it.
    ///
    /// Used is the working set, as Kubernetes counts it: not the cached pages of files that were not read of late, as
    /// the kernel gives those up before it lets anyone run out of memory.
    func bounds() -> [MemoryBound] {
        let version2 = unified.compactMap {
            bound($0, limit: "memory.max", use: "memory.current", cache: "inactive_file")
        }
        let version1 = memory.compactMap {
            bound($0, limit: "memory.limit_in_bytes", use: "memory.usage_in_bytes", cache: "total_inactive_file")
        }
        return version2 + version1
    }

    private func bound(_ directory: String, limit: String, use: String, cache: String) -> MemoryBound? {
        // No limit is `max` in version 2, which is no number, and a huge number in version 1, which bounds nothing.
        guard let limit = files.number(at: "\(directory)/\(limit)"),
            let use = files.number(at: "\(directory)/\(use)")
        else { return nil }
        let workingSet = max(0, use - (files.values(at: "\(directory)/memory.stat")[cache] ?? 0))
        return MemoryBound(owner: directory, limitBytes: limit, roomBytes: max(0, limit - workingSet))
    }

    /// How much our own group waits for memory, as its `memory.pressure` says; `nil` without version 2.
    func pressure() -> String? {
        unified.lazy.compactMap { files.text(at: "\($0)/memory.pressure") }.first
    }
}
