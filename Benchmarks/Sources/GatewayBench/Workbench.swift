import FoundationEssentials
import Glibc

/// Where the programs under test are, and a directory for what they need while they run.
final class Workbench {
    private let programs: String
    private let directory: String
    private var count = 0

    /// - Parameter programs: the directory with `chorus`, `chorus-espeak` and `FakeWorker`.
    init(programs: String) throws {
        for name in ["chorus", "chorus-espeak", "FakeWorker"] where access("\(programs)/\(name)", X_OK) != 0 {
            throw BenchError("\(programs)/\(name) is not there; `make bench` builds it")
        }
        var template = Array("/tmp/chorus-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchError("no directory for temporary files: \(systemError())") }
        self.programs = programs
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// A gateway with the built-in engine, one instance per core of a small machine.
    func gatewayWithEspeak() throws -> Gateway {
        try gateway(engine: #"{"name":"espeak","builtin":"espeak","instances":2}"#)
    }

    /// A gateway whose engine is `instances` FakeWorkers. They sleep, so all may run: there is no knee to find.
    func gateway(instances: Int, flags: [String] = []) throws -> Gateway {
        let command = ["\(programs)/FakeWorker", "--uri", "{uri}"] + flags
        let list = command.map { "\"\($0)\"" }.joined(separator: ",")
        let numbers = #""instances":\#(instances),"max_running":\#(instances)"#
        return try gateway(engine: #"{"name":"fake","command":[\#(list)],\#(numbers)}"#)
    }

    /// A FakeWorker with nothing before it.
    func worker(flags: [String] = []) throws -> Worker {
        try Worker(program: "\(programs)/FakeWorker", flags: flags, socket: newPath("sock"), log: newPath("log"))
    }

    private func gateway(engine: String) throws -> Gateway {
        let configuration = newPath("yaml")
        // JSON is YAML.
        let text = #"{"listen":"127.0.0.1:0","state_dir":"\#(newPath("state"))","engines":[\#(engine)]}"#
        try text.write(toFile: configuration, atomically: false, encoding: .utf8)
        return try Gateway(program: "\(programs)/chorus", configuration: configuration, log: newPath("log"))
    }

    private func newPath(_ suffix: String) -> String {
        count += 1
        return "\(directory)/\(count).\(suffix)"
    }
}
