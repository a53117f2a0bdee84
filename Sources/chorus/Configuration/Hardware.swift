import FoundationEssentials

/// What this machine can run instances on.
struct Hardware: Sendable, Equatable {
    /// Cores that we may use; at least 1.
    var cores: Int
    /// Its GPUs as devices, such as `cuda:0`.
    var gpus: [String] = []

    /// The machine that we run on. NVIDIA's driver has a directory for each of its GPUs.
    static var here: Hardware {
        let gpus = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/driver/nvidia/gpus")) ?? []
        return Hardware(
            cores: max(1, ProcessInfo.processInfo.activeProcessorCount),
            gpus: gpus.indices.map { "cuda:\($0)" }
        )
    }
}
