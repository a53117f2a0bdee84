import FoundationEssentials
import Glibc
import SpeechCore

/// The memory that a model would take: allocated and touched, or said to be taken of a GPU that is only pretended.
final class Memory: Sendable {
    /// There is no more.
    struct Exhausted: Error {
        let text: String
    }

    /// What a job has while it runs.
    struct Block {
        fileprivate let bytes: Int
        fileprivate let address: UnsafeMutableRawPointer?
    }

    private let options: Options
    private let gpu: PretendedGPU?

    init(_ options: Options) {
        self.options = options
        gpu = options.gpuDirectory.map { PretendedGPU(directory: $0, device: options.device) }
    }

    /// Takes what is there from the start; ends the process if that cannot be.
    func load() {
        do throws(Exhausted) {
            _ = try allocate(options.floorBytes)
        } catch {
            die("cannot load: \(error.text)")
        }
    }

    /// Takes what a job needs.
    func beginJob(_ text: String) throws(Exhausted) -> Block {
        try allocate(options.bytesPerUnit * text.unicodeScalars.count)
    }

    /// Gives it back, and keeps what a job leaves behind, as far as there is room for it.
    func endJob(_ block: Block) {
        if let gpu { gpu.shrink(by: block.bytes) } else { munmap(block.address, block.bytes) }
        _ = try? allocate(options.leakBytes)
    }

    /// The data of `chorus.memory`. On the GPU, peaks are those since the report before.
    func report() -> [String: JSONValue] {
        let host = Self.host()
        var report: [String: JSONValue] = ["rss": .integer(host["Rss"] ?? 0), "pss": .integer(host["Pss"] ?? 0)]
        if let (used, peak) = gpu?.figures() {
            let cuda = ["allocated": used, "reserved": used, "peak": peak, "peak_reserved": peak]
            report["cuda"] = .object(cuda.mapValues { .integer($0) })
        }
        return report
    }

    /// Ends the process in good order: what it had of the GPU is free at once.
    func end(status: Int32) -> Never {
        gpu?.end(status: status)
        _exit(status)
    }

    private func allocate(_ bytes: Int) throws(Exhausted) -> Block {
        if let gpu {
            try gpu.grow(by: bytes)
            return Block(bytes: bytes, address: nil)
        }
        guard bytes > 0 else { return Block(bytes: 0, address: nil) }
        let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw Exhausted(text: "cannot allocate \(bytes) bytes: \(String(cString: strerror(errno)))")
        }
        for page in stride(from: 0, to: bytes, by: Int(getpagesize())) {
            address.storeBytes(of: 1, toByteOffset: page, as: UInt8.self)
        }
        return Block(bytes: bytes, address: address)
    }

    /// What `/proc/self/smaps_rollup` says, in bytes.
    private static func host() -> [Substring: Int] {
        guard let text = try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8) else { return [:] }
        return text.split(separator: "\n").reduce(into: [:]) { host, line in
            let words = line.split(separator: " ")
            if words.count == 3, let kibibytes = Int(words[1]) { host[words[0].dropLast()] = kibibytes * 1024 }
        }
    }
}
