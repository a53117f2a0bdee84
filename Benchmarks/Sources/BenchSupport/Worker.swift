import Glibc

/// A running FakeWorker that the bench speaks to directly.
package final class Worker {
    private let child: Child
    private let socket: String

    /// Starts it.
    package init(program: String, flags: [String], socket: String, log: String) throws {
        self.socket = socket
        child = try Child(program, ["--uri", "unix://\(socket)"] + flags, log: log)
    }

    /// Connects, as soon as it listens.
    package func connect() throws -> WyomingClient {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            do { return try WyomingClient(path: socket) } catch {
                guard ContinuousClock.now < end else { throw error }
                usleep(1_000)
            }
        }
    }
}
