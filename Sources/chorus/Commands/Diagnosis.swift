import Devices
import Glibc

/// What the facts of a machine mean for Chorus. Decides everything that `chorus doctor` says.
struct Diagnosis: Sendable {
    /// What was seen.
    var facts: MachineFacts

    /// Open files that a server wants at the least: each stream is a socket, each slot is one too.
    static let leastOpenFiles = 4_096
    /// Memory below which not even the gateway and a few small workers are comfortable.
    static let leastMemoryBytes = 256 << 20

    /// All findings, in the order of the way that leads to speech.
    var findings: [Finding] {
        [configuration] + engines + [listening] + access + [sockets, openFiles] + devices
    }

    private var configuration: Finding {
        guard let first = facts.problems.first else { return .ok("configuration", facts.configuration.summary) }
        let others = facts.problems.count > 1 ? " (and \(facts.problems.count - 1) more)" : ""
        return .missing("configuration", "\(first)\(others)", remedy: "chorus config check")
    }

    private var engines: [Finding] {
        facts.configuration.configuration.engines.flatMap { engine in
            let programs =
                switch engine.program {
                case .builtin: [worker("engine \(engine.name)"), voices("voices of \(engine.name)")]
                case .command(let command): [program(command[0], "engine \(engine.name)")]
                }
            // Its own doctor knows better how to mend what is missing.
            if case .found = facts.doctors[engine.name] {
                return programs.filter { $0.status == .ok } + doctor(of: engine)
            }
            return programs + doctor(of: engine)
        }
    }

    private func doctor(of engine: EngineConfiguration) -> [Finding] {
        switch facts.doctors[engine.name] {
        case .found(let findings): return findings
        case .failed(let reason):
            let remedy = "run it by hand: \((engine.doctor ?? []).joined(separator: " "))"
            return [.missing("\(engine.name): its doctor", "it does not answer: \(reason)", remedy: remedy)]
        case nil: return []
        }
    }

    private func worker(_ check: String) -> Finding {
        let program = BuiltinEngine.espeak.program
        switch facts.worker {
        case .answers(let path):
            return .ok(check, "\(path) runs")
        case .fails(let path, let reason):
            let remedy = "sudo apt-get install libespeak-ng1 espeak-ng-data"
            return .missing(check, "\(path) does not run: \(reason)", remedy: remedy)
        case .notFound, nil:
            let detail = "\(program) is neither beside chorus nor on PATH"
            return .missing(check, detail, remedy: "swift build -c release --product \(program)")
        }
    }

    private func voices(_ check: String) -> Finding {
        if let voices = facts.voices { return .ok(check, voices) }
        return .missing(check, "there is no espeak-ng-data directory", remedy: "sudo apt-get install espeak-ng-data")
    }

    private func program(_ name: String, _ check: String) -> Finding {
        if let path = facts.programs[name] { return .ok(check, "\(path) is there") }
        let remedy =
            name == "python3"
            ? "sudo apt-get install python3" : "install \(name), or write its full path into the engine's command"
        return .missing(check, "\(name) is not an executable on PATH", remedy: remedy)
    }

    private var listening: Finding {
        let address = facts.configuration.configuration.listen
        let other = "choose another address with --listen"
        switch facts.listening {
        case .free:
            return .ok("listen", "\(address) is free")
        case .unknownHost:
            return .missing("listen", "\(address.host) has no address", remedy: other)
        case .refused(EADDRINUSE):
            let remedy = "ss -ltnp 'sport = :\(address.port)' shows by which program; stop it, or \(other)"
            return .missing("listen", "\(address) is taken", remedy: remedy)
        case .refused(let code):
            return .missing("listen", "\(address) is refused: \(String(cString: strerror(code)))", remedy: other)
        }
    }

    /// A server that nobody should start like this; nothing when all is well.
    private var access: [Finding] {
        guard let openness = facts.configuration.configuration.openness else { return [] }
        return [.missing("keys", openness.problem, remedy: openness.remedy)]
    }

    private var sockets: Finding {
        if let path = facts.socketDirectory { return .ok("sockets", "\(path) takes the workers' sockets") }
        return .missing(
            "sockets",
            "neither $XDG_RUNTIME_DIR nor /tmp is writable and has a short enough path",
            remedy: "sudo chmod 1777 /tmp"
        )
    }

    private var openFiles: Finding {
        if facts.openFiles >= Self.leastOpenFiles { return .ok("open files", "up to \(facts.openFiles)") }
        return .missing(
            "open files",
            "only \(facts.openFiles) are allowed, \(Self.leastOpenFiles) are wanted",
            remedy:
                "ulimit -Hn \(OpenFilesLimit.wanted) as root, or LimitNOFILE=\(OpenFilesLimit.wanted) in the service"
        )
    }

    private var devices: [Finding] {
        facts.devices.map(device) + facts.deviceNotes.map { .ok("devices", $0) } + unseenDevices
    }

    private func device(_ reading: DeviceReading) -> Finding {
        let free = reading.totalBytes - reading.usedBytes
        let detail = "\(reading.model): \(free >> 20) of \(reading.totalBytes >> 20) MiB are free"
        let check = "memory of \(reading.device)"
        if free >= Self.leastMemoryBytes { return .ok(check, detail) }
        let remedy = "free some memory, or run fewer instances with --instances"
        return .missing(check, "\(detail), \(Self.leastMemoryBytes >> 20) MiB are wanted", remedy: remedy)
    }

    /// Devices that engines are configured for and nobody sees.
    private var unseenDevices: [Finding] {
        let seen = Set(facts.devices.map(\.device))
        let wanted = Set(facts.configuration.configuration.engines.flatMap { $0.devices ?? [] })
        return wanted.subtracting(seen).sorted().map { device in
            .missing(
                "memory of \(device)",
                "no driver tells how much it has, so Chorus cannot keep instances from overfilling it",
                remedy:
                    "install the GPU's driver; in a container of NVIDIA's: NVIDIA_DRIVER_CAPABILITIES=compute,utility"
            )
        }
    }
}
