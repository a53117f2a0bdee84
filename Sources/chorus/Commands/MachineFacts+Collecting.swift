import Devices
import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix
import PoolCore
import Subprocess
import Supervisor

extension MachineFacts {
    /// Looks at this machine.
    /// - Parameters:
    ///   - configuration: what is in effect, or what is wrong with it; then the defaults are looked at.
    ///   - environment: this process's variables.
    static func collect(
        _ configuration: Result<LoadedConfiguration, ConfigurationError>,
        environment: [String: String]
    ) async -> MachineFacts {
        var facts = MachineFacts()
        switch configuration {
        case .success(let loaded): facts.configuration = loaded
        case .failure(let error): facts.problems = error.problems
        }
        let monitor = DeviceMonitor(environment: environment)
        facts.devices = monitor.read()
        facts.deviceNotes = monitor.notes
        let path = ProgramSearch.onPath(environment)
        for engine in facts.configuration.configuration.engines {
            switch engine.program {
            case .builtin(let builtin):
                facts.worker = await worker(builtin.program, search: .besideChorus(environment))
                facts.voices = espeakVoices(environment)
            case .command(let command):
                facts.programs[command[0]] = path.path(of: command[0])
            }
            if let doctor = engine.doctor {
                facts.doctors[engine.name] = await ask(doctor, of: engine, on: .here(facts.devices), environment)
            }
        }
        facts.listening = await listen(on: facts.configuration.configuration.listen)
        facts.socketDirectory = SocketDirectory.parent(environment)
        facts.openFiles = OpenFilesLimit.highest
        return facts
    }

    /// Runs the worker's `--help`, which it answers only if all of its libraries are there.
    static func worker(_ program: String, search: ProgramSearch) async -> Worker {
        guard let path = search.path(of: program) else { return .notFound }
        let (timeoutSeconds, limitBytes) = (5, 64 << 10)
        do {
            let result = try await Subprocess.run(
                .name("timeout"),
                arguments: ["\(timeoutSeconds)", path, "--help"],
                output: .string(limit: limitBytes),
                error: .combinedWithOutput
            )
            if result.terminationStatus.isSuccess { return .answers(path: path) }
            let line = result.standardOutput.split(separator: "\n").last.map(String.init)
            return .fails(path: path, reason: line ?? "it ends with \(result.terminationStatus)")
        } catch {
            return .fails(path: path, reason: "\(error)")
        }
    }

    /// What a worker's doctor says: a JSON array of findings, each with `check`, `ok`, `detail` and perhaps `remedy`.
    private static func ask(
        _ doctor: [String],
        of engine: EngineConfiguration,
        on hardware: Hardware,
        _ environment: [String: String]
    ) async -> Doctor {
        struct Answer: Decodable {
            var check: String
            var ok: Bool
            var detail: String
            var remedy: String?
        }
        let (timeoutSeconds, limitBytes) = (60, 256 << 10)
        let device = engine.plan(on: hardware).placements[0].device
        let words = doctor.map { word in
            word.split(separator: "{device}", omittingEmptySubsequences: false).joined(separator: device)
        }
        do {
            let account = try engine.account
            // As an instance would run, so that it finds what an instance would find.
            var options = PlatformOptions()
            (options.userID, options.groupID) = (account?.uid, account?.gid)
            options.supplementaryGroups = account?.groups
            let result = try await Subprocess.run(
                .name("timeout"),
                arguments: Arguments(["\(timeoutSeconds)"] + words),
                environment: .custom(
                    Dictionary(
                        uniqueKeysWithValues: engine.instanceEnvironment(inherited: environment, account: account).map {
                            (Environment.Key(stringLiteral: $0.key), $0.value)
                        }
                    )
                ),
                platformOptions: options,
                output: .string(limit: limitBytes),
                error: .string(limit: limitBytes)
            )
            guard let answers = try? JSONDecoder().decode([Answer].self, from: Data(result.standardOutput.utf8)) else {
                let line = (result.standardOutput + result.standardError).split(separator: "\n").last.map(String.init)
                return .failed(reason: line ?? "it ends with \(result.terminationStatus)")
            }
            return .found(
                answers.map { answer in
                    let check = "\(engine.name): \(answer.check)"
                    return answer.ok
                        ? .ok(check, answer.detail)
                        : .missing(check, answer.detail, remedy: answer.remedy ?? "see the engine's own documentation")
                }
            )
        } catch {
            return .failed(reason: "\(error)")
        }
    }

    /// The directory of espeak-ng's voices: where its library looks, and where distributions put it.
    private static func espeakVoices(_ environment: [String: String]) -> String? {
        let library = "/usr/lib"
        let architectures = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        let parents =
            [environment["ESPEAK_DATA_PATH"] ?? "/usr/share"]
            + architectures.filter { $0.hasSuffix("-linux-gnu") }.map { "\(library)/\($0)" }
            + [library, "/usr/share", "/usr/local/share"]
        return parents.map { "\($0)/espeak-ng-data" }.first { access("\($0)/phontab", R_OK) == 0 }
    }

    /// Listens for a moment, the way the server does.
    private static func listen(on address: ListenAddress) async -> Listening {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.host, port: address.port)
                .get()
            try await channel.close()
            return .free
        } catch let error as IOError {
            return .refused(error.errnoCode)
        } catch {
            return .unknownHost
        }
    }
}
