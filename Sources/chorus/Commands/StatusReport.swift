import SpeechCore

/// The pool for people: what `chorus status` prints.
struct StatusReport: Sendable {
    /// What is shown.
    var snapshot: PoolSnapshot

    /// Tables of devices, engines and instances, and a line for the queue.
    var text: String {
        let tables = (devices.map { [$0] } ?? []) + [engines, instances]
        return (tables.flatMap { $0.lines + [""] } + [queue]).map { $0 + "\n" }.joined()
    }

    /// The devices of which it is known how much memory they have.
    private var devices: TextTable? {
        let heading = ["DEVICE", "MODEL", "MEMORY", "OTHERS", "OURS", "RESERVE", "ROOM", "RUNNING"]
        let rows = snapshot.devices.compactMap { device in
            device.memory.map { memory in
                [device.name, device.model ?? "-"]
                    + [
                        memory.capacityBytes, memory.foreignBytes, memory.chargedBytes, memory.reserveBytes,
                        memory.roomBytes,
                    ].map(Self.mebibytes)
                    + [device.engines.map { "\($0.running) of \($0.maxRunning) \($0.name)" }.joined(separator: ", ")]
            }
        }
        return rows.isEmpty ? nil : TextTable(rows: [heading] + rows, rightAligned: [2, 3, 4, 5, 6])
    }

    private var engines: TextTable {
        let rows = snapshot.engines.map { engine in
            [engine.name, "\(engine.ready)/\(engine.instances)", "\(engine.slots)", "\(engine.queued)"]
        }
        return TextTable(rows: [["ENGINE", "READY", "SLOTS", "QUEUED"]] + rows, rightAligned: [1, 2, 3])
    }

    private var instances: TextTable {
        let heading = ["INSTANCE", "DEVICE", "STATE", "PID", "RESTARTS", "JOBS", "MEMORY", "WORKS ON"]
        let rows = snapshot.instances.map { instance in
            [
                instance.id,
                instance.device,
                instance.state,
                instance.pid.map(String.init) ?? "-",
                "\(instance.restarts)",
                "\(instance.jobsDone)",
                (instance.heldBytes ?? instance.residentBytes).map(Self.mebibytes) ?? "-",
                instance.currentJobs.isEmpty ? "-" : instance.currentJobs.joined(separator: ", "),
            ]
        }
        return TextTable(rows: [heading] + rows, rightAligned: [3, 4, 5, 6])
    }

    private var queue: String {
        let queue = snapshot.queue
        let wait = queue.predictedWait.map { "; a new one would wait \(Self.seconds($0))" } ?? ""
        return "\(queue.jobs) of \(queue.maxJobs) jobs wait\(wait)."
    }

    private static func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 19)) >> 20) MiB" }

    /// Seconds with one decimal, as far as that says something.
    private static func seconds(_ seconds: Double) -> String {
        if seconds > 0, seconds < 0.1 { return "less than 0.1 s" }
        let tenths = Int((min(seconds, 1e9) * 10).rounded())
        let isWhole = tenths >= 100 || tenths.isMultiple(of: 10)
        return isWhole ? "about \(tenths / 10) s" : "about \(tenths / 10).\(tenths % 10) s"
    }
}
