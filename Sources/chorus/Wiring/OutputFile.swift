import Glibc

/// A file that is written from its beginning to its end.
final class OutputFile {
    private let name: String
    private let descriptor: CInt

    /// - Parameter name: `nil` is standard output.
    /// - Throws: when it cannot be made.
    init(_ name: String?) throws(CommandError) {
        guard let name else {
            self.name = "standard output"
            descriptor = STDOUT_FILENO
            return
        }
        self.name = name
        descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw failure() }
    }

    /// - Throws: when it cannot be written.
    func write(_ bytes: [UInt8]) throws(CommandError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR { throw failure() }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    private func failure() -> CommandError {
        CommandError("Could not write \(name): \(String(cString: strerror(errno))).")
    }

    deinit {
        if descriptor > STDOUT_FILENO { close(descriptor) }
    }
}
