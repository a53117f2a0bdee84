import FoundationEssentials

/// Fake GPUs: a copy of the fake NVML library in a directory of its own, and the files beside it that tell the library
/// what to say. All of it goes away with its last owner: let the suite own it, or extend its lifetime.
package final class FakeGPUs: Sendable {
    /// Where the files are; `FakeWorker --gpu-directory` takes it.
    package let directory: String
    /// The library, to be opened in NVML's stead.
    package var library: String { "\(directory)/\(Self.libraryName)" }

    private static let libraryName = "libFakeNVML.so"

    /// A machine whose driver is not loaded: it has no GPUs yet.
    package init() throws {
        let files = FileManager.default
        // The tests' program lies beside all else that is built.
        let program = try files.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let programs = program[..<(program.lastIndex(of: "/") ?? program.startIndex)]
        directory = files.temporaryDirectory.appending(path: "chorus-gpus-\(UUID().uuidString)").path
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try files.copyItem(atPath: "\(programs)/\(Self.libraryName)", toPath: library)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Adds a GPU; they are numbered from 0 without gaps.
    package func add(_ gpu: Int, model: String = "Fake GPU", uuid: String? = nil, totalBytes: Int) throws {
        try FileManager.default.createDirectory(atPath: path(gpu, "used"), withIntermediateDirectories: true)
        try write(model, to: path(gpu, "name"))
        try write(uuid ?? "GPU-fake-\(gpu)", to: path(gpu, "uuid"))
        try setTotal(of: gpu, to: totalBytes)
    }

    /// Says how much memory a GPU has, or with `nil` that the GPU is lost.
    package func setTotal(of gpu: Int, to bytes: Int?) throws {
        try set(path(gpu, "total"), to: bytes)
    }

    /// Says how much somebody uses of a GPU, or with `nil` that it was released.
    /// - Parameter owner: a process's pid, or any other name for use that the driver tells of no process.
    package func setUsed(by owner: String, of gpu: Int, to bytes: Int?) throws {
        try set(path(gpu, "used/\(owner)"), to: bytes)
    }

    /// Lets the driver disappear with all GPUs, or come back with them.
    package func setDriverLoaded(_ isLoaded: Bool) throws {
        let (shown, hidden) = ("gpu", "unloaded-gpu")
        let (from, to) = isLoaded ? (hidden, shown) : (shown, hidden)
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix(from) {
            let new = to + name.dropFirst(from.count)
            try FileManager.default.moveItem(atPath: "\(directory)/\(name)", toPath: "\(directory)/\(new)")
        }
    }

    private func path(_ gpu: Int, _ file: String) -> String { "\(directory)/gpu\(gpu)/\(file)" }

    private func set(_ path: String, to bytes: Int?) throws {
        if let bytes {
            try write("\(bytes)", to: path)
        } else if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// At once, so that nobody reads half a number.
    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
}
