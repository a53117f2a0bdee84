import FoundationEssentials
package import Glibc

/// A process of ours. Its standard output is read line by line, its standard error goes to a file.
package final class Child {
    /// Its process id.
    package let pid: pid_t
    private let output: UnsafeMutablePointer<FILE>
    private var hasEnded = false

    /// Starts a program.
    /// - Parameter log: the file that its standard error goes to.
    package init(_ program: String, _ arguments: [String], log: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, let output = fdopen(ends[0], "r") else {
            throw BenchError("no pipe: \(systemError())")
        }
        self.output = output
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            close(ends[1])
        }
        // Variables of the caller's must not change the configuration that is measured.
        let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("CHORUS_") }
        let argumentStrings = ([program] + arguments).map { strdup($0) } + [nil]
        let environmentStrings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for string in argumentStrings + environmentStrings { free(string) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, nil, argumentStrings, environmentStrings)
        guard result == 0 else {
            fclose(output)
            throw BenchError("cannot start \(program): \(String(cString: strerror(result)))")
        }
        self.pid = pid
    }

    deinit {
        if !hasEnded { end(SIGKILL) }
        fclose(output)
    }

    /// The next line of its standard output; `nil` when it has closed it.
    package func readLine() -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        let count = getline(&line, &size, output)
        return line.flatMap { count > 0 ? String(cString: $0) : nil }
    }

    /// Asks it to end, and waits for that.
    package func stop() throws {
        let status = end(SIGTERM)
        guard status == 0 else { throw BenchError("process \(pid) ended with wait status \(status)") }
    }

    /// Waits until it ends by itself.
    package func wait() throws {
        let status = end(0)
        guard status == 0 else { throw BenchError("process \(pid) ended with wait status \(status)") }
    }

    @discardableResult
    private func end(_ signal: Int32) -> Int32 {
        kill(pid, signal)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        hasEnded = true
        return status
    }
}
