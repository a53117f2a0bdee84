import FoundationEssentials
import Glibc

/// The processes that share a GPU by MPS, NVIDIA's Multi-Process Service: a daemon, the server that it starts, and
/// workers as its clients.
struct MPSGroup: Hashable {
    /// The GPU, as the pool calls it.
    let device: String
    /// The GPU, as the driver names it. A number would mean one thing to the daemon and another one to its clients.
    let uuid: String
    /// Has all that belongs to it; private.
    let directory: String

    /// What clients call the GPU: the server shows them no other.
    static let deviceName = "cuda:0"

    /// - Parameter parent: the directory of our sockets.
    /// - Returns: `nil` for a device that is no GPU, or one of which the driver says no name.
    init?(device: String, uuid: String?, in parent: String) {
        guard let uuid, device.hasPrefix("cuda:") else { return nil }
        self.device = device
        self.uuid = uuid
        directory = "\(parent)/mps-\(device.dropFirst("cuda:".count))"
    }

    /// Where the daemon's sockets are.
    var pipeDirectory: String { "\(directory)/pipe" }

    /// Makes the directories anew: what an earlier daemon has left is no sign of this one's life.
    func makeDirectories() throws(SystemError) {
        try? FileManager.default.removeItem(atPath: directory)
        for path in [directory, pipeDirectory, logDirectory] where mkdir(path, 0o700) != 0 {
            throw SystemError("make \(path)")
        }
    }

    /// Whether clients can reach the daemon.
    var isListening: Bool { access("\(pipeDirectory)/control", F_OK) == 0 }

    /// What the daemon has to know, besides what others do.
    var daemonEnvironment: [String: String] { environment.merging(["CUDA_MPS_LOG_DIRECTORY": logDirectory]) { $1 } }

    /// What a process has to know to become a client.
    /// - Parameter memoryBytes: what it may have of the GPU's memory.
    func clientEnvironment(memoryBytes: Int?) -> [String: String] {
        var environment = environment
        environment["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] = memoryBytes.map { "0=\(max(1, $0 >> 20))M" }
        return environment
    }

    private var environment: [String: String] {
        ["CUDA_VISIBLE_DEVICES": uuid, "CUDA_MPS_PIPE_DIRECTORY": pipeDirectory]
    }

    private var logDirectory: String { "\(directory)/log" }
}
