import Foundation

/// The directory that stands for the GPU `cuda:0` of test workers.
final class GPUDirectory {
    private let root: URL

    /// A GPU of so many bytes that nobody uses.
    init(total: Int) throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("chorus-gpu-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: used, withIntermediateDirectories: true)
        try Data("\(total)".utf8).write(to: used.deletingLastPathComponent().appendingPathComponent("total"))
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    var path: String { root.path }

    /// Who uses something of it.
    var users: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: used.path)) ?? []) }

    /// What a worker says that it uses.
    func used(by worker: WorkerProcess) -> Int? {
        (try? String(contentsOf: used.appendingPathComponent("\(worker.id)"), encoding: .utf8)).flatMap { Int($0) }
    }

    /// Lets somebody else use so much.
    func use(_ bytes: Int, by name: String) throws {
        try Data("\(bytes)".utf8).write(to: used.appendingPathComponent(name))
    }

    private var used: URL { root.appendingPathComponent("gpu0/used") }
}
