import CSpawn
import FoundationEssentials
import Glibc

/// A template as Chorus sees one. Its copies are processes of their own kind, started anew: what they share is not what
/// is tested with it.
struct Template {
    private struct Request: Decodable {
        var type: String
        var id: Int?
        var uri: String?
        var device: String?
        var memoryBytes: Int?
        var pid: pid_t?

        private enum CodingKeys: String, CodingKey {
            case type, id, uri, device, pid
            case memoryBytes = "memory_bytes"
        }
    }

    private struct Reply: Encodable {
        var type: String
        var id: Int?
        var pid: pid_t?
        var status: Int32?
        var signal: Int32?
    }

    let channel: Int32
    let command: [String]

    /// Makes copies until its client has left.
    func run() -> Never {
        unsetenv("CHORUS_TEMPLATE_FD")
        _ = fcntl(channel, F_SETFD, FD_CLOEXEC)
        var copies: [pid_t: Int32] = [:]
        say(Reply(type: "ready"))
        var packet = [UInt8](repeating: 0, count: 4096)
        while true {
            var wait = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, -1)
            var output: Int32 = -1
            let count = chorus_receive_packet(channel, &packet, packet.count, &output)
            guard count > 0, let request = try? JSONDecoder().decode(Request.self, from: Data(packet.prefix(count)))
            else { _exit(0) }
            if request.type == "fork" {
                let spawned = copy(request, output: output)
                copies[spawned.pid] = spawned.pidfd
                say(Reply(type: "forked", id: request.id, pid: spawned.pid), descriptor: spawned.pidfd)
                close(output)
            } else if let pid = request.pid, let pidfd = copies.removeValue(forKey: pid) {
                say(ending(of: pid, pidfd))
            }
        }
    }

    private func copy(_ request: Request, output: Int32) -> chorus_spawned {
        var arguments = command
        for case (let flag, let value?) in [("--uri", request.uri), ("--device", request.device)] {
            if let place = arguments.firstIndex(of: flag) { arguments[place + 1] = value }
        }
        let budget = request.memoryBytes.map { ["CHORUS_MEMORY_BYTES=\($0)"] } ?? []
        let words = arguments.map { strdup($0) } + [nil]
        let mark = getenv("CHORUS_POOL").map { ["CHORUS_POOL=\(String(cString: $0))"] } ?? []
        let environment = (["PATH=/usr/bin:/bin"] + mark + budget).map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var spawned = chorus_spawned()
        let error = words.withUnsafeBufferPointer { words in
            environment.withUnsafeBufferPointer { environment in
                var request = chorus_spawn_request(
                    arguments: words.baseAddress,
                    environment: environment.baseAddress,
                    output: output,
                    channel: -1,
                    oom_score_adj: 500,
                    user: nil
                )
                return chorus_spawn(&request, &spawned)
            }
        }
        guard error == 0 else { die("cannot make a copy: \(error)") }
        return spawned
    }

    private func ending(of pid: pid_t, _ pidfd: Int32) -> Reply {
        var (code, status): (Int32, Int32) = (0, 0)
        _ = chorus_reap(pidfd, &code, &status)
        close(pidfd)
        return code == Int32(CLD_EXITED)
            ? Reply(type: "reaped", pid: pid, status: status) : Reply(type: "reaped", pid: pid, signal: status)
    }

    private func say(_ reply: Reply, descriptor: Int32 = -1) {
        guard let bytes = try? JSONEncoder().encode(reply) else { die("cannot encode a reply") }
        _ = bytes.withUnsafeBytes { chorus_send_packet(channel, $0.baseAddress, $0.count, descriptor) }
    }
}
