import FoundationEssentials
import Glibc

/// The files of kept audio: `<path>/v<format>/<2 digits of the key>/<the other 62>`, for the server's user only.
///
/// Several servers may use it: files appear whole, and each expects that any of them may be gone.
struct CacheDirectory {
    /// A file that is there.
    struct Entry: Sendable {
        var key: SegmentKey
        /// What it takes on the disk.
        var byteCount: Int
        /// When it was last written or used, in seconds since 1970.
        var used: Int
    }

    /// An unfinished file that is older than this belongs to nobody any more.
    private static let unfinishedSeconds = 3_600
    /// The parts that `entries(part:)` looks at: one for each first byte of a key.
    static let parts = 0..<256
    private static let digitsOfPart = 2
    private static let unfinished = ".partial"

    /// Where all formats are.
    let path: String

    /// Where the files of this format are.
    private var current: String { "\(path)/v\(CacheFile.version)" }

    /// Where the audio of a key is, or would be.
    func file(of key: SegmentKey) -> String {
        let digits = key.hex
        return "\(current)/\(digits.prefix(Self.digitsOfPart))/\(digits.dropFirst(Self.digitsOfPart))"
    }

    /// What files of some bytes take on the disk.
    static func byteCount(ofFileWith bytes: Int) -> Int { (bytes + 4_095) / 4_096 * 4_096 }

    /// Removes some of what servers of older versions kept.
    /// - Returns: whether there is more.
    func removeOlderFormats(atMost count: Int) -> Bool {
        var left = count
        for name in names(in: path) {
            guard name.first == "v", let version = UInt32(name.dropFirst()), version < CacheFile.version else {
                continue
            }
            remove("\(path)/\(name)", &left)
        }
        return left == 0
    }

    /// Removes a file, or a directory with what is in it, as far as it may.
    /// - Parameter left: how many files may still be removed. Those that cannot be do not count.
    private func remove(_ item: String, _ left: inout Int) {
        guard left > 0 else { return }
        if unlink(item) == 0 { return left -= 1 }
        guard errno == EISDIR, let directory = opendir(item) else { return }
        defer { closedir(directory) }
        while left > 0, let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { remove("\(item)/\(name)", &left) }
        }
        // It fails while something is left.
        rmdir(item)
    }

    /// The files of one part of the keys. Unfinished ones that somebody left there are removed.
    func entries(part: Int) -> [Entry] {
        let digits = String(part, radix: 16)
        let part = String(repeating: "0", count: Self.digitsOfPart - digits.count) + digits
        return names(in: "\(current)/\(part)").compactMap { name in
            let file = "\(current)/\(part)/\(name)"
            var facts = stat()
            guard lstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
            guard let key = SegmentKey(hex: part + name) else {
                if name.hasSuffix(Self.unfinished), facts.st_mtim.tv_sec < time(nil) - Self.unfinishedSeconds {
                    unlink(file)
                }
                return nil
            }
            let byteCount = Self.byteCount(ofFileWith: Int(facts.st_size))
            return Entry(key: key, byteCount: byteCount, used: facts.st_mtim.tv_sec)
        }
    }

    private func names(in directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    /// Reads a file whole, and notes that it was used; `nil` if there is none, or none that can be read.
    func read(_ key: SegmentKey) -> [UInt8]? {
        let descriptor = open(file(of: key), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= CacheFile.maxBytes
        else { return nil }
        let size = Int(facts.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            while filled < size {
                let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, size - filled)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                filled += count
            }
        }
        guard bytes.count == size else { return nil }
        futimens(descriptor, nil)
        return bytes
    }

    /// Writes a file, which appears whole or not at all. After a crash of the machine it may be damaged, which is seen
    /// when it is read.
    /// - Returns: why it could not be written, or `nil` if it was.
    func write(_ bytes: [UInt8], for key: SegmentKey) -> String? {
        let file = file(of: key)
        let directory = String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex))
        let partial = "\(directory)/.\(UInt64.random(in: .min ... .max))\(Self.unfinished)"
        guard make(directory) else { return reason() }
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return reason() }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        if rest.isEmpty, rename(partial, file) == 0 { return nil }
        let reason = reason()
        unlink(partial)
        return reason
    }

    /// Removes a file, if there is one.
    func remove(_ key: SegmentKey) { unlink(file(of: key)) }

    /// Makes a directory and those above it, as far as they are missing.
    private func make(_ directory: String) -> Bool {
        if mkdir(directory, 0o700) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = directory.lastIndex(of: "/"), slash > directory.startIndex else {
            return false
        }
        return make(String(directory[..<slash])) && (mkdir(directory, 0o700) == 0 || errno == EEXIST)
    }

    private func reason() -> String { String(cString: strerror(errno)) }
}
