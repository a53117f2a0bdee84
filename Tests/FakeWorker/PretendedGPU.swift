import FoundationEssentials
import Glibc
import Synchronization

/// A GPU that is a directory: `gpuN/total` has its bytes, and each file in `gpuN/used/` those that somebody uses of it.
/// Ours is named by our process number. If somebody takes the directory away, the GPU is as it was, but nobody sees it.
final class PretendedGPU: Sendable {
    private struct Usage {
        var used = 0
        /// The most since it was last told.
        var peak = 0
    }

    private let directory: String
    private let name = String(getpid())
    private let budget: Int?
    private let usage = Mutex(Usage())

    /// - Parameter device: `cuda:N`, whose directory must be there.
    init(directory: String, device: String) {
        guard let number = Int(device.trimmingPrefix("cuda:")) else { die("--gpu-directory needs --device cuda:N") }
        self.directory = "\(directory)/gpu\(number)"
        budget = getenv("CHORUS_MEMORY_BYTES").flatMap { Int(String(cString: $0)) }
        guard access("\(self.directory)/used", W_OK) == 0 else { die("there is no \(self.directory)/used") }
    }

    /// Takes so much more, as the driver would: if the device has it and, like the SDK, if the budget has it.
    func grow(by bytes: Int) throws(Memory.Exhausted) {
        try usage.withLock { usage throws(Memory.Exhausted) in
            let wanted = usage.used + bytes
            if let budget, wanted > budget {
                throw Memory.Exhausted(text: "\(wanted) bytes are beyond the budget of \(budget)")
            }
            // Two processes must not take the same last bytes. Closing lets go of the lock.
            let lock = open(directory, O_RDONLY | O_CLOEXEC)
            defer { close(lock) }
            flock(lock, LOCK_EX)
            if let total = Self.number(in: "\(directory)/total"), usedByOthers() + wanted > total {
                throw Memory.Exhausted(text: "\(wanted) bytes are more than \(usedByOthers()) others leave of \(total)")
            }
            usage.used = wanted
            usage.peak = max(usage.peak, wanted)
            publish(wanted)
        }
    }

    /// Gives back so much.
    func shrink(by bytes: Int) {
        usage.withLock { usage in
            usage.used -= bytes
            publish(usage.used)
        }
    }

    /// Bytes in use, and the most that were since this was last asked.
    func figures() -> (used: Int, peak: Int) {
        usage.withLock { usage in
            defer { usage.peak = usage.used }
            return (usage.used, usage.peak)
        }
    }

    /// Gives back all, and ends the process before anything else can be taken.
    func end(status: Int32) -> Never {
        usage.withLock { _ in
            unlink("\(directory)/used/\(name)")
            _exit(status)
        }
    }

    private func usedByOthers() -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/used")) ?? []
        return names.filter { $0 != name }.compactMap { Self.number(in: "\(directory)/used/\($0)") }.reduce(0, +)
    }

    /// Nobody reads half a number: the file takes its place when it is whole.
    private func publish(_ bytes: Int) {
        let draft = "\(directory)/\(name)"
        try? String(bytes).write(toFile: draft, atomically: false, encoding: .utf8)
        rename(draft, "\(directory)/used/\(name)")
    }

    private static func number(in path: String) -> Int? {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }
}
