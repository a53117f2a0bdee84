import Devices
import FoundationEssentials
import SpeechTestSupport

/// A directory that looks like a machine's `/proc` and `/sys`. It goes away with its last owner, the suite.
final class FakeMachine: Sendable {
    let root: String

    /// A machine of 16 GiB, half of it available, without control groups and GPUs.
    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "chorus-machine-\(UUID().uuidString)").path
        try write("MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n", to: "/proc/meminfo")
        try write("processor\t: 0\nmodel name\t: Fake CPU @ 2GHz\n\nprocessor\t: 1\n", to: "/proc/cpuinfo")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    func write(_ text: String, to path: String) throws {
        let url = URL(filePath: root + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: root + path)), as: UTF8.self)
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: root + path)
    }

    /// Describes a version 2 control group with a limit: `max` or a number of bytes.
    func addGroup(_ directory: String, limit: String, use: Int, inactive: Int) throws {
        let path = "/sys/fs/cgroup" + directory
        try write("\(limit)\n", to: "\(path)/memory.max")
        try write("\(use)\n", to: "\(path)/memory.current")
        try write("anon 1\nfile 2\ninactive_file \(inactive)\n", to: "\(path)/memory.stat")
    }

    /// Adds a graphics card.
    func addCard(_ name: String, address: String, files: [String: String]) throws {
        for (file, text) in files { try write("\(text)\n", to: "/sys/devices/\(address)/\(file)") }
        try write("", to: "/sys/class/drm/\(name)/dev")
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/sys/class/drm/\(name)/device",
            withDestinationPath: "../../../devices/\(address)"
        )
    }

    /// A monitor of this machine.
    /// - Parameter gpus: NVIDIA's; without them there is no driver.
    func monitor(gpus: FakeGPUs? = nil, environment: [String: String] = [:]) -> DeviceMonitor {
        DeviceMonitor(root: root, nvmlLibrary: gpus?.library ?? "\(root)/libnone.so", environment: environment)
    }
}
