import FoundationEssentials

/// A directory for the time of a test. It goes away with its last owner: let the suite own it, or extend its lifetime.
package final class TemporaryDirectory: Sendable {
    /// Where it is.
    package let path: String

    /// An empty one, where temporary files are.
    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "chorus-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, and makes the directories above it.
    package func write(_ text: String, to file: String) throws {
        let url = URL(filePath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// A file's text.
    package func read(_ file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(path)/\(file)")), as: UTF8.self)
    }

    /// All files in it, sorted.
    package var files: [String] {
        let found = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return found.filter { file in
            var isDirectory = false
            return FileManager.default.fileExists(atPath: "\(path)/\(file)", isDirectory: &isDirectory) && !isDirectory
        }.sorted()
    }

    /// The permissions of something in it.
    package func mode(_ file: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: "\(path)/\(file)")[.posixPermissions] as? Int
    }
}
