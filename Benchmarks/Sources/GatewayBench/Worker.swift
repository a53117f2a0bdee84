import Glibc

/// A running FakeWorker that the bench speaks to directly.
final class Worker {
    private let child: Child
    private let socket: String

    /// Starts it.
    init(program: String, flags: [String], socket: String, log: String) throws {
        self.socket = socket
        child = try Child(program, ["--uri", "unix://\(socket)"] + flags, log: log)
    }

    /// Connects, as soon as it listens.
    func connect() throws -> WyomingClient {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            do { return try WyomingClient(path: socket) } catch {
                guard ContinuousClock.now < end else { throw error }
                usleep(1_000)
            }
        }
    }
}
