import Devices
import FoundationEssentials

/// What this machine can run instances on.
struct Hardware: Sendable, Equatable {
    /// Cores that we may use; at least 1.
    var cores: Int
    /// Its GPUs as devices, such as `cuda:0`.
    var gpus: [String] = []
    /// The devices of which it is known how much memory they have.
    var measured: Set<String> = []

    /// The machine that we run on.
    /// - Parameter readings: what its devices' drivers say. GPUs that they do not show are looked for in `/dev`.
    static func here(_ readings: [DeviceReading]) -> Hardware {
        let process = ProcessInfo.processInfo
        let measured = readings.map(\.device)
        var gpus = measured.filter { $0 != "cpu" }
        if gpus.isEmpty {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []
            gpus = Self.gpus(deviceFiles: files, visible: process.environment["CUDA_VISIBLE_DEVICES"])
        }
        return Hardware(cores: max(1, process.activeProcessorCount), gpus: gpus, measured: Set(measured))
    }

    /// How many instances of one engine can be of use on a device: as many as there are cores on `cpu`, as many as fit
    /// on a GPU, and one where nobody knows what fits.
    func mostInstances(on device: String, within most: Int) -> Int {
        min(most, device == "cpu" ? cores : measured.contains(device) ? most : 1)
    }

    /// The GPUs that a program of ours would see.
    /// - Parameters:
    ///   - deviceFiles: names in `/dev`; NVIDIA's driver has `nvidia0`, `nvidia1`, …, and in a container only those
    ///     that it was given.
    ///   - visible: `CUDA_VISIBLE_DEVICES`: CUDA numbers those that it lists from 0 on, up to the first that is none.
    static func gpus(deviceFiles: [String], visible: String?) -> [String] {
        let present = deviceFiles.count { name in
            let number = name.dropFirst("nvidia".count)
            return name.hasPrefix("nvidia") && !number.isEmpty && number.allSatisfy(\.isNumber)
        }
        let listed = visible.map { $0.split(separator: ",").prefix { !$0.hasPrefix("-") }.count } ?? present
        return (0..<min(present, listed)).map { "cuda:\($0)" }
    }
}
