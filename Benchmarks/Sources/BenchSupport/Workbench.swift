import FoundationEssentials
import Glibc

/// Where the programs under test are, and a directory for what they need while they run.
package final class Workbench {
    private let programs: String
    private let directory: String
    private var count = 0

    /// - Parameters:
    ///   - programs: the directory that they are in.
    ///   - names: those that have to be there.
    package init(programs: String, needing names: [String]) throws {
        for name in names where access("\(programs)/\(name)", X_OK) != 0 {
            throw BenchError("\(programs)/\(name) is not there; `make bench` builds it")
        }
        var template = Array("/tmp/chorus-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchError("no directory for temporary files: \(systemError())") }
        self.programs = programs
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// A gateway with the built-in engine, one instance per core of a small machine.
    package func gatewayWithEspeak() throws -> Gateway {
        try gateway(engine: #"{"name":"espeak","builtin":"espeak","instances":2}"#)
    }

    /// A gateway whose engine is `instances` FakeWorkers. They sleep, so all may run: there is no knee to find.
    /// - Parameters:
    ///   - settings: more of the configuration, as members of a JSON object.
    ///   - key: what the gateway wants to be shown, if `settings` say so.
    ///   - keepsAudio: whether a text that has been spoken may come from the cache.
    package func gateway(
        instances: Int,
        flags: [String] = [],
        settings: [String] = [],
        key: String? = nil,
        keepsAudio: Bool = false
    ) throws -> Gateway {
        let command = ["\(programs)/FakeWorker", "--uri", "{uri}"] + flags
        let list = command.map { "\"\($0)\"" }.joined(separator: ",")
        let numbers = #""instances":\#(instances),"max_running":\#(instances)"#
        let engine = #"{"name":"fake","command":[\#(list)],\#(numbers)}"#
        let cache = keepsAudio ? [] : [#""cache":{"memory":0}"#]
        return try gateway(engine: engine, settings: settings + cache, key: key)
    }

    /// A FakeWorker with nothing before it.
    package func worker(flags: [String] = []) throws -> Worker {
        try Worker(program: "\(programs)/FakeWorker", flags: flags, socket: newPath("sock"), log: newPath("log"))
    }

    /// Runs a program of ours to its end.
    /// - Returns: what it wrote to its standard output.
    package func output(of program: String, _ arguments: [String]) throws -> String {
        let child = try Child("\(programs)/\(program)", arguments, log: newPath("log"))
        var lines = ""
        while let line = child.readLine() { lines += line }
        try child.wait()
        return lines
    }

    private func gateway(engine: String, settings: [String] = [], key: String? = nil) throws -> Gateway {
        let configuration = newPath("yaml")
        // JSON is YAML.
        let members =
            [#""listen":"127.0.0.1:0""#, #""state_dir":"\#(newPath("state"))""#, #""engines":[\#(engine)]"#] + settings
        let text = "{\(members.joined(separator: ","))}"
        try text.write(toFile: configuration, atomically: false, encoding: .utf8)
        return try Gateway(program: "\(programs)/chorus", configuration: configuration, key: key, log: newPath("log"))
    }

    private func newPath(_ suffix: String) -> String {
        count += 1
        return "\(directory)/\(count).\(suffix)"
    }
}
