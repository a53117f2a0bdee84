package import Glibc

/// A running `chorus serve`.
package final class Gateway {
    /// Where it listens, on 127.0.0.1.
    package let port: UInt16
    private let child: Child
    /// What it wants to be shown.
    private let key: String?

    /// Starts it and waits until it says where it listens.
    package init(program: String, configuration: String, key: String? = nil, log: String) throws {
        self.key = key
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
    package var pid: pid_t { child.pid }

    /// Asks until it answers with audio: until the first instance is loaded.
    package func waitUntilItSpeaks() throws {
        let request = HTTPClient.request("Hi", format: "pcm", key: key)
        try wait("an answer") { client in try client.ask(request).status == 200 }
    }

    /// Waits until this many instances have nothing to do.
    package func waitUntilReady(instances: Int) throws {
        let request = HTTPClient.request(path: "/v1/pool", key: key)
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
    package func stop() throws {
        try child.stop()
    }
}
