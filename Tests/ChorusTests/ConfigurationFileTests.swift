import FoundationEssentials
import Glibc
import Testing

@testable import chorus

@Suite("Finding and reading files")
struct ConfigurationFileTests {
    /// Runs a test with a directory of its own.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/chorus-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @Test("a named file wins over the variable, that over the standard places, and the first of those is taken")
    func findsFile() throws {
        try withDirectory { directory in
            let paths = ["a", "b", "c", "d"].map { "\(directory)/\($0).yaml" }
            for path in paths { try write(path, to: path) }
            let variable = ["CHORUS_CONFIG": paths[1]]
            func find(_ path: String?, _ environment: [String: String], _ standard: [String]) throws -> String? {
                try ConfigurationFile.find(path, environment: environment, standardPaths: standard)?.text
            }
            #expect(try find(paths[0], variable, [paths[2]]) == paths[0])
            #expect(try find(nil, variable, [paths[2]]) == paths[1])
            #expect(try find(nil, ["CHORUS_CONFIG": ""], ["\(directory)/none", paths[2], paths[3]]) == paths[2])
            #expect(try find(nil, [:], ["\(directory)/none"]) == nil)
        }
    }

    @Test("a named file that is not there, is too large or is no text is an error that names it")
    func refusesFiles() throws {
        try withDirectory { directory in
            func problem(_ path: String) -> String? {
                do {
                    _ = try ConfigurationFile.find(path, environment: [:])
                    return nil
                } catch {
                    return error.problems.map(\.description).joined()
                }
            }
            let path = "\(directory)/x.yaml"
            #expect(problem(path) == "\(path) cannot be read: No such file or directory")
            #expect(problem(directory) == "\(directory) cannot be read: Is a directory")
            try write(String(repeating: "#", count: ConfigurationFile.limitBytes), to: path)
            #expect(problem(path) == nil)
            try write(String(repeating: "#", count: ConfigurationFile.limitBytes + 1), to: path)
            #expect(problem(path) == "\(path) is larger than 1MiB")
            try Data([0x61, 0xFF]).write(to: URL(filePath: path))
            #expect(problem(path) == "\(path) is not UTF-8 text")
        }
    }

    @Test("sockets go to the user's own directory if its path is short and it can be written, else to /tmp")
    func choosesSocketDirectory() throws {
        try withDirectory { directory in
            let long = directory + "/" + String(repeating: "x", count: SocketDirectory.pathLimitBytes)
            let short = "/tmp/x\(getpid())"
            defer { rmdir(short) }
            for path in [long, short] { mkdir(path, 0o700) }
            #expect(SocketDirectory.parent(["XDG_RUNTIME_DIR": short]) == short)
            #expect(SocketDirectory.parent(["XDG_RUNTIME_DIR": long]) == "/tmp")
            #expect(SocketDirectory.parent(["XDG_RUNTIME_DIR": "/no/such"]) == "/tmp")
            #expect(SocketDirectory.parent([:]) == "/tmp")
            #expect(SocketDirectory.parent(["XDG_RUNTIME_DIR": short], isForOthers: true) == "/tmp")
            #expect(chmod(short, 0o711) == 0)
            #expect(SocketDirectory.parent(["XDG_RUNTIME_DIR": short], isForOthers: true) == short)
        }
    }
}
