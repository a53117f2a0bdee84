import Glibc
import Synchronization

/// The output of a command. A file appears under its name when it is complete, so an error leaves the old one in
/// place. A pipe, a device or standard output gets the bytes as they are made.
final class OutputFile: Sendable {
    /// Its name in messages.
    private let name: String
    private let descriptor: CInt
    /// Where a file is until it is complete, and where it goes then; `nil` for all else.
    private let move: Mutex<(from: String, to: String)?>

    /// Whether a name is that of a file, or of one that is to be made; `nil` is standard output.
    static func isFile(_ name: String?) -> Bool {
        guard let name else { return false }
        var facts = stat()
        return stat(name, &facts) != 0 || facts.st_mode & S_IFMT == S_IFREG
    }

    /// - Parameter name: `nil` is standard output.
    /// - Throws: when it cannot be made.
    init(_ name: String?) throws(CommandError) {
        guard let name else {
            self.name = "standard output"
            descriptor = STDOUT_FILENO
            move = Mutex(nil)
            return
        }
        self.name = name
        var move: (String, String)?
        var facts = stat()
        let exists = stat(name, &facts) == 0
        if !Self.isFile(name) {
            descriptor = open(name, O_WRONLY | O_CLOEXEC)
        } else if exists, access(name, W_OK) != 0 {
            // A new file in its place would need no such right.
            descriptor = -1
        } else {
            // The file behind a link is replaced, not the link.
            let target = exists ? Self.resolved(name) : name
            let directory = target.lastIndex(of: "/").map { target[...$0] } ?? ""
            let temporary = "\(directory).chorus-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 { move = (temporary, target) }
            if exists, descriptor >= 0 { fchmod(descriptor, facts.st_mode & 0o777) }
        }
        self.move = Mutex(move)
        if descriptor < 0 { throw failure() }
    }

    /// Whether what was written may be replaced.
    var isFile: Bool { move.withLock { $0 != nil } }

    /// Adds bytes.
    /// - Throws: when it cannot be written.
    func write(_ bytes: [UInt8]) throws(CommandError) {
        try all(of: bytes) { rest, _ in Glibc.write(descriptor, rest.baseAddress, rest.count) }
    }

    /// Replaces the first bytes of a file.
    /// - Throws: when it cannot be written.
    func replaceBeginning(with bytes: [UInt8]) throws(CommandError) {
        try all(of: bytes) { rest, offset in pwrite(descriptor, rest.baseAddress, rest.count, offset) }
    }

    /// It is complete. Called once, at the end.
    /// - Throws: when it cannot be kept.
    func finish() throws(CommandError) {
        let isMoved = move.withLock { move in
            guard let (from, to) = move else { return true }
            guard rename(from, to) == 0 else { return false }
            move = nil
            return true
        }
        if !isMoved { throw failure() }
    }

    private func all(
        of bytes: [UInt8],
        _ write: (_ rest: UnsafeRawBufferPointer, _ offset: Int) -> Int
    ) throws(CommandError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[offset...]), offset) }
            if count < 0 && errno != EINTR { throw failure() }
            offset += max(count, 0)
        }
    }

    private func failure() -> CommandError {
        CommandError("Could not write \(name): \(String(cString: strerror(errno))).")
    }

    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    deinit {
        if let temporary = move.withLock({ $0?.from }) { unlink(temporary) }
        if descriptor > STDOUT_FILENO { close(descriptor) }
    }
}
