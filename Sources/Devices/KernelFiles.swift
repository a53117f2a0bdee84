import FoundationEssentials
import Glibc

/// The small text files by which the kernel tells of itself, in `/proc` and `/sys`. All calls take full paths.
struct KernelFiles: Sendable {
    /// Where the machine's tree begins, without a slash at the end: "" but for tests.
    private let root: String

    /// Of a longer file only so many bytes are read; what we look for stands in the beginning.
    static let limitBytes = 64 << 10

    init(root: String) {
        self.root = root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    /// The text of a file, without white space at either end; `nil` if it cannot be read.
    func text(at path: String) -> String? {
        guard let bytes = bytes(at: path) else { return nil }
        let isSpace = { (byte: UInt8) in byte <= UInt8(ascii: " ") }
        let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<end].drop(while: isSpace), as: UTF8.self)
    }

    private func bytes(at path: String) -> [UInt8]? {
        let descriptor = open(root + path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.limitBytes {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            // A process that ends meanwhile is an error here.
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    /// The number that a file holds; `nil` if it cannot be read or holds something else.
    func number(at path: String) -> Int? {
        text(at: path).flatMap { Int($0) }
    }

    /// The numbers in a file of lines such as `VmRSS:   12 kB` or `inactive_file 12288`, by name, `kB` turned into
    /// bytes. Empty if it cannot be read.
    func values(at path: String) -> [String: Int] {
        var values: [String: Int] = [:]
        // By bytes and without a string for each word: each worker's memory is read often.
        for line in bytes(at: path)?.split(separator: UInt8(ascii: "\n")) ?? [] {
            let isSeparator = { (byte: UInt8) in
                byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: ":")
            }
            let name = line.prefix { !isSeparator($0) }
            let rest = line[name.endIndex...].drop(while: isSeparator)
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            let unit = rest[digits.endIndex...]
            guard unit.first.map(isSeparator) ?? true, let number = Int(String(decoding: digits, as: UTF8.self)) else {
                continue
            }
            values[String(decoding: name, as: UTF8.self)] = unit.elementsEqual(" kB".utf8) ? number << 10 : number
        }
        return values
    }

    /// Writes a text over what is there; makes no file.
    /// - Returns: whether the kernel took it.
    func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(root + path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }

    /// Whether there is a file or directory.
    func exists(_ path: String) -> Bool {
        access(root + path, F_OK) == 0
    }

    /// The names in a directory, in no order; none if it cannot be read.
    func names(in path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root + path)) ?? []
    }

    /// The last part of the path that a symbolic link holds; `nil` if it is none.
    func linkedName(at path: String) -> String? {
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: root + path)
        return target?.split(separator: "/").last.map { String($0) }
    }
}
