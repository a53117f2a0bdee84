import Glibc

/// A running `chorus serve`.
final class Gateway {
    /// Where it listens, on 127.0.0.1.
    let port: UInt16
    private let child: Child

    /// Starts it and waits until it says where it listens.
    init(program: String, configuration: String, log: String) throws {
        child = try Child(program, ["serve", "--config", configuration], log: log)
        while let line = child.readLine() {
            guard line.contains("Listening on") else { continue }
            let digits = line.drop { $0 != ":" }.dropFirst().drop { $0 != ":" }.dropFirst().prefix { $0.isNumber }
            guard let port = UInt16(digits) else { throw BenchError("no port in: \(line)") }
            self.port = port
            return
        }
        throw BenchError("chorus ended before it listened; see \(log)")
    }

    /// Its process id.
    var pid: pid_t { child.pid }

    /// Asks until it answers with audio: until the first instance is loaded.
    func waitUntilItSpeaks() throws {
        let request = HTTPClient.request("Hi", format: "pcm")
        try wait("an answer") { client in try client.ask(request).status == 200 }
    }

    /// Waits until this many instances have nothing to do.
    func waitUntilReady(instances: Int) throws {
        let request = HTTPClient.request(path: "/v1/pool")
        try wait("\(instances) ready instances") { client in
            let pool = String(decoding: try client.ask(request).body.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
            return pool.split(separator: #""state":"ready""#, omittingEmptySubsequences: false).count - 1 == instances
        }
    }

    private func wait(_ what: String, until isThere: (HTTPClient) throws -> Bool) throws {
        let client = try HTTPClient(port: port)
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if try isThere(client) { return }
            usleep(1_000)
        }
        throw BenchError("waited 30 s in vain for \(what)")
    }

    /// Asks it to end, and waits for that.
    func stop() throws {
        try child.stop()
    }
}
