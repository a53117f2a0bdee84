import FoundationEssentials
import Glibc

/// The files of made voices: `<path>/<engine>/<name>.json`, readable for the server's user only.
struct VoiceDirectory {
    let path: String

    private static let suffix = ".json"

    /// The engines that have voices here, sorted.
    func engines() throws(VoiceFileError) -> [String] {
        try entries(of: path)
    }

    /// The names of an engine's voices, sorted. Other files are not ours.
    func names(of engine: String) throws(VoiceFileError) -> [String] {
        try entries(of: "\(path)/\(engine)").filter { $0.hasSuffix(Self.suffix) }
            .map { String($0.dropLast(Self.suffix.count)) }.filter(MadeVoice.isName)
    }

    /// Where a voice is, or would be.
    func file(of name: String, engine: String) -> String {
        "\(path)/\(engine)/\(name)\(Self.suffix)"
    }

    /// Reads a file whole.
    func read(_ name: String, engine: String, limitBytes: Int) throws(VoiceFileError) -> [UInt8] {
        // Not to wait for a writer if it is a pipe.
        let descriptor = open(file(of: name, engine: engine), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .system() }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= limitBytes else { throw VoiceFileError("it is larger than \(limitBytes) bytes") }
        }
    }

    /// Whether there is something of that name, readable or not.
    func contains(_ name: String, engine: String) -> Bool {
        access(file(of: name, engine: engine), F_OK) == 0
    }

    /// Writes a file: after a crash there is either none or all of it.
    func write(_ bytes: [UInt8], _ name: String, engine: String) throws(VoiceFileError) {
        let directory = "\(path)/\(engine)"
        let (file, partial) = (file(of: name, engine: engine), "\(directory)/.\(name).partial")
        try Self.make(directory)
        do throws(VoiceFileError) {
            try Self.writeAndSync(bytes, to: partial)
            guard rename(partial, file) == 0 else { throw .system() }
        } catch {
            unlink(partial)
            throw error
        }
        do throws(VoiceFileError) {
            try Self.sync(directory)
        } catch {
            // What is not kept must not stand in the way of the next one of its name.
            unlink(file)
            throw error
        }
    }

    /// Removes a file. It is fine if there is none.
    func remove(_ name: String, engine: String) throws(VoiceFileError) {
        guard unlink(file(of: name, engine: engine)) == 0 || errno == ENOENT else { throw .system() }
        try Self.sync("\(path)/\(engine)")
    }

    /// Without those whose names begin with a dot; empty if there is no such directory.
    private func entries(of directory: String) throws(VoiceFileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.first != "." }.sorted()
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return []
        } catch {
            throw VoiceFileError("it cannot be listed")
        }
    }

    /// Makes a directory and those above it, as far as they are missing.
    private static func make(_ directory: String) throws(VoiceFileError) {
        if mkdir(directory, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = directory.lastIndex(of: "/"), slash > directory.startIndex else {
            throw .system()
        }
        try make(String(directory[..<slash]))
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw .system() }
    }

    private static func writeAndSync(_ bytes: [UInt8], to file: String) throws(VoiceFileError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system() }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .system() }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw .system() }
    }

    /// Makes what was done to a directory's entries last.
    private static func sync(_ directory: String) throws(VoiceFileError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system() }
    }
}
